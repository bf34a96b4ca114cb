"""Costs: each stage's own time and memory."""

import time
from mmap import mmap

import torch

from samplebench.pipeline.stages.core.costs import median_cost, track_cost

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
    with track_cost(CPU, 1) as cost:
        del kept
        taken(32)
    assert cost().host_peak_bytes < 16 * MIB  # 64 went, 32 came
    with track_cost(CPU, 1) as cost:
        taken(48)
    assert 47 * MIB <= cost().host_peak_bytes <= 60 * MIB


def test_a_small_stage_after_a_large_one_shows_its_own_peak():
    with track_cost(CPU, 1):
        taken(128)
    with track_cost(CPU, 1) as small:
        taken(8)
    assert small().host_peak_bytes < 20 * MIB


def test_sleeping_takes_wall_time_and_no_processor_time():
    with track_cost(CPU, 3) as cost:
        time.sleep(0.2)
    assert 0.2 <= cost().wall_seconds < 2
    assert cost().cpu_seconds < 0.1
    assert cost().count == 3


def test_the_median_is_of_three_runs_or_fewer_when_they_are_long():
    runs = []

    def short():
        runs.append(time.sleep((0.01, 0.3, 0.05)[len(runs)]))

    assert 0.05 <= median_cost(CPU, 1, short).wall_seconds < 0.3
    assert len(runs) == 3
    long = []
    median_cost(CPU, 1, lambda: long.append(time.sleep(1.0)))
    assert len(long) == 1
