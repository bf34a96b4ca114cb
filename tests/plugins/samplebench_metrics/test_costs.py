"""Costs: the numbers that the harness measured, in the units that the columns name."""

import mmap

import pytest

from samplebench import Cost, NoNumber
from samplebench_metrics.fit_cpu_seconds import FitCpuSeconds
from samplebench_metrics.fit_seconds import FitSeconds
from samplebench_metrics.peak_device_memory import PeakDeviceMemory
from samplebench_metrics.peak_host_memory import PeakHostMemory
from samplebench_metrics.samples_per_second import SamplesPerSecond

COSTS = {
    "fit": Cost(1.5, 2.5, host_peak_bytes=3 * 2**20, device_peak_bytes=2**19, count=60_000),
    "throughput": Cost(0.5, 9.0, host_peak_bytes=0, device_peak_bytes=0, count=10_000),
    "decode": Cost(7.0, 7.0, host_peak_bytes=2**30, device_peak_bytes=2**31, count=10),
}


@pytest.mark.parametrize(
    ("metric", "title", "unit", "expected"),
    [
        (FitSeconds(), "fit", "s", 1.5),
        (FitCpuSeconds(), "fit CPU", "s", 2.5),
        (SamplesPerSecond(), "draws", "1/s", 20_000),
        (PeakHostMemory(), "fit memory", "MiB", 3),
        (PeakHostMemory(stage="decode"), "decode memory", "MiB", 1024),
        (PeakDeviceMemory(), "fit GPU memory", "MiB", 0.5),
        (PeakDeviceMemory(stage="decode"), "decode GPU memory", "MiB", 2048),
    ],
)
def test_a_cost_is_shown_in_its_unit(make_evidence, metric, title, unit, expected):
    assert metric.measure(make_evidence(costs=COSTS)) == expected
    assert (metric.title, metric.unit, metric.subject) == (title, unit, "cost")


@pytest.mark.parametrize("pages", [0, 1])
def test_memory_of_at_most_one_page_is_no_number(make_evidence, pages):
    cost = Cost(1.0, 1.0, host_peak_bytes=pages * mmap.PAGESIZE, device_peak_bytes=0, count=1)
    with pytest.raises(NoNumber, match="at most one page"):
        PeakHostMemory().measure(make_evidence(costs={"fit": cost}))
