"""Time and memory of several implementations, run in turn in one process."""

import os
import statistics
from collections.abc import Callable, Mapping

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch

from samplebench import Cost, seeded
from samplebench.pipeline.stages.core.costs import track_cost

Implementations = Mapping[str, Callable[[], object]]


def side_by_side(
    title: str, implementations: Implementations, device: str = "cpu", rounds: int = 5
) -> None:
    """Print the median seconds, processor seconds and peak memory of each, and a ratio of times.

    The ratio is that of the seconds to those of the first implementation. Medians are taken over
    interleaved rounds, after a warm-up round.
    """
    costs = [
        {name: _track(work, device, round) for name, work in implementations.items()}
        for round in range(rounds + 1)
    ][1:]
    first = next(iter(implementations))
    print(f"\n{title} (torch {torch.__version__}, {device}, {torch.get_num_threads()} threads)")
    for name in implementations:
        wall = statistics.median(cost[name].wall_seconds for cost in costs)
        processor = statistics.median(cost[name].cpu_seconds for cost in costs)
        peak = statistics.median(_peak(cost[name], device) for cost in costs)
        ratio = statistics.median(
            cost[name].wall_seconds / cost[first].wall_seconds for cost in costs
        )
        print(
            f"  {name:40} {wall:9.4f} s  {processor:9.4f} CPU-s  {peak / 2**20:8.1f} MiB  "
            f"{ratio:8.2f} times {first}"
        )


def _track(work: Callable[[], object], device: str, round: int) -> Cost:
    with seeded(round, "benchmark"), track_cost(torch.device(device), 1) as cost:
        work()
    return cost()


def _peak(cost: Cost, device: str) -> int:
    return cost.host_peak_bytes if device == "cpu" else cost.device_peak_bytes
