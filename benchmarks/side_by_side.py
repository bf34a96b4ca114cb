"""Several ways of doing one thing, in turn in one process: seconds and memory of each."""

import os
import statistics
from collections.abc import Callable, Mapping

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch

from samplebench import Cost, seeded
from samplebench.pipeline.costs import track_cost

Ways = Mapping[str, Callable[[], object]]


def side_by_side(title: str, ways: Ways, device: str = "cpu", rounds: int = 5) -> None:
    """Print each way's median seconds, processor seconds and peak memory, and its ratio.

    That is of its seconds to those of the first way, ours mostly; the ratios are medians over
    interleaved rounds, after one that warms up.
    """
    costs = [
        {name: _cost(way, device, round) for name, way in ways.items()}
        for round in range(rounds + 1)
    ][1:]
    ours = next(iter(ways))
    print(f"\n{title} (torch {torch.__version__}, {device}, {torch.get_num_threads()} threads)")
    for name in ways:
        wall = statistics.median(cost[name].wall_seconds for cost in costs)
        processor = statistics.median(cost[name].cpu_seconds for cost in costs)
        peak = statistics.median(_peak(cost[name], device) for cost in costs)
        ratio = statistics.median(
            cost[name].wall_seconds / cost[ours].wall_seconds for cost in costs
        )
        print(
            f"  {name:40} {wall:9.4f} s  {processor:9.4f} CPU-s  {peak / 2**20:8.1f} MiB  "
            f"{ratio:8.2f} times {ours}"
        )


def _cost(way: Callable[[], object], device: str, round: int) -> Cost:
    with seeded(round, "benchmark"), track_cost(torch.device(device), 1) as cost:
        way()
    return cost()


def _peak(cost: Cost, device: str) -> int:
    return cost.host_peak_bytes if device == "cpu" else cost.device_peak_bytes
