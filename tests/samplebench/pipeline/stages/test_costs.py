"""Costs: each stage's own time and memory."""

from mmap import mmap

import pytest
import torch

from samplebench.pipeline.stages.core import costs

CPU = torch.device("cpu")
MIB = 2**20


def taken(mebibytes: int) -> mmap:
    """Memory straight from the system, all of it touched, which goes back when it is dropped.

    The allocator's own would come from whatever earlier tests have freed.
    """
    memory = mmap(-1, mebibytes * MIB)
    torch.frombuffer(memory, dtype=torch.uint8).fill_(1)
    return memory


def test_memory_is_the_peak_of_the_block_and_not_what_stays_or_was_before():
    kept = taken(64)
    with costs.track_cost(CPU, 1) as cost:
        del kept
        taken(32)
    assert cost().host_peak_bytes < 16 * MIB  # 64 went, 32 came
    with costs.track_cost(CPU, 1) as cost:
        taken(48)
    assert 47 * MIB <= cost().host_peak_bytes <= 60 * MIB


def test_a_small_stage_after_a_large_one_shows_its_own_peak():
    with costs.track_cost(CPU, 1):
        taken(128)
    with costs.track_cost(CPU, 1) as small:
        taken(8)
    assert small().host_peak_bytes < 20 * MIB


class Clocks:
    """Wall and processor time, which pass only where a test says so."""

    def __init__(self) -> None:
        self.wall, self.processor = 1000.0, 50.0

    def pass_time(self, *, wall: float, processor: float) -> None:
        self.wall += wall
        self.processor += processor

    def perf_counter(self) -> float:
        return self.wall

    def process_time(self) -> float:
        return self.processor


@pytest.fixture
def clocks(monkeypatch) -> Clocks:
    clocks = Clocks()
    monkeypatch.setattr(costs, "time", clocks)
    return clocks


def test_wall_and_processor_time_are_those_that_pass_within_the_block(clocks):
    clocks.pass_time(wall=7, processor=5)
    with costs.track_cost(CPU, 3) as cost:
        clocks.pass_time(wall=2, processor=0.5)
    clocks.pass_time(wall=7, processor=5)
    assert (cost().wall_seconds, cost().cpu_seconds, cost().count) == (2, 0.5, 3)


@pytest.mark.parametrize(
    ("seconds", "runs", "median"),
    [
        ((0.25, 0.5, 0.125), 3, 0.25),
        ((0.5, 0.5, 0.125), 2, 0.5),
        ((0.25, 0.75, 0.125), 2, 0.25),  # of two, the shorter
        ((1.0, 0.125, 0.125), 1, 1.0),
        ((8.0, 0.125, 0.125), 1, 8.0),
    ],
)
def test_the_median_is_of_three_runs_or_of_those_that_fill_a_second(clocks, seconds, runs, median):
    left = list(seconds)

    def work() -> None:
        wall = left.pop(0)
        clocks.pass_time(wall=wall, processor=wall / 4)

    cost = costs.median_cost(CPU, 1, work)
    assert len(seconds) - len(left) == runs
    assert (cost.wall_seconds, cost.cpu_seconds) == (median, median / 4)
