"""How evenly a run's planner keeps many workers busy: 10,000 cells of skewed length on a simulated
clock.

The stages, their needs and the planner are those of a run. What a worker does is only a length
that was drawn, and time passes when all are busy. The planner does not know these lengths: it
guesses that a training takes ten times as long as a cell, as in a suite that was never measured.

    python benchmarks/scale.py
"""

import argparse
import heapq
import math
import random
import time
from collections.abc import Sequence
from concurrent.futures import Executor, Future, wait
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from samplebench.pipeline.running import graph
from samplebench.pipeline.stages.stage import Stage
from samplebench.pipeline.workspace import Site

CELLS = 10_000
CELLS_OF_ONE = 40
"""Samplers and seeds that share an autoencoder."""
TRAINING = 10.0
"""The mean length of a training, where that of a cell is 1."""
SKEW = 1.0
"""The sigma of log-normal lengths: one of 100 takes ten times the median, and one of 1,000 twenty
times."""
WORKERS = (1, 2, 4, 8, 16, 32, 64, 128, 256)


@dataclass(frozen=True)
class Work:
    """A stage that takes a time."""

    site: Site = field(compare=False)
    title: str
    length: float = field(compare=False)
    guess: float = field(compare=False)
    needs: tuple["Work", ...] = field(default=(), compare=False)
    wants: tuple["Work", ...] = ()
    shared_in: None = None

    def make(self, made: object, report: object) -> Path:
        raise AssertionError("nothing is carried out here")


class Silence:
    """Watches nothing."""

    def started(self, title: str) -> None: ...
    def progressed(self, title: str, progress: object) -> None: ...
    def ended(self, title: str) -> None: ...


class SimulatedWorkers(Executor):
    """Workers whose clock is moved on to the end of the next stage whenever the planner waits."""

    def __init__(self, workers: int) -> None:
        self.workers, self.now, self.busy = workers, 0.0, 0.0
        self._ends: list[tuple[float, int, Future[Path]]] = []
        self._submitted = 0

    def submit(self, fn, /, stage, *rest):  # type: ignore[no-untyped-def]
        future: Future[Path] = Future()
        self._submitted += 1
        heapq.heappush(self._ends, (self.now + stage.length, self._submitted, future))
        assert len(self._ends) <= self.workers
        self.busy += stage.length
        return future

    def wait(self, running, *how):  # type: ignore[no-untyped-def]
        """Let the time pass until something ends, in place of waiting for it."""
        self.now, _, future = heapq.heappop(self._ends)
        future.set_result(Path())
        return wait(running, *how)


def draw_grid(site: Site, seed: int) -> list[Work]:
    """The cells of a suite with lengths of their own."""
    draw = random.Random(seed)

    def length(mean: float) -> float:
        return mean * draw.lognormvariate(-(SKEW**2) / 2, SKEW)

    data = Work(site, "data", 1.0, 1.0)
    cells = []
    for number in range(CELLS // CELLS_OF_ONE):
        name = f"autoencoder {number}"
        model = Work(site, name, length(TRAINING), TRAINING, (data,))
        cells += [
            Work(site, f"{name} / {row}", length(1.0), 1.0, (data, model))
            for row in range(CELLS_OF_ONE)
        ]
    return cells


def ideal_time(stages: Sequence[Work], workers: int) -> float:
    """No plan is faster: all workers busy all the time, or the longest way from first to last."""
    ways: dict[Stage, float] = {}
    for stage in stages:
        ways[stage] = stage.length + max((ways[need] for need in stage.needs), default=0.0)
    return max(math.fsum(stage.length for stage in stages) / workers, max(ways.values()))


def simulate(cells: Sequence[Work], workers: int) -> tuple[float, float]:
    """The time that a run takes, and the seconds of the planner for each stage."""
    simulated = SimulatedWorkers(workers)
    began = time.process_time()
    with patch.object(graph, "wait", simulated.wait):
        run = graph.complete(
            cells, {}, simulated, Silence(), at_once=workers, guess=lambda stage: stage.guess
        )
        count = sum(1 for _ in run)
    return simulated.now, (time.process_time() - began) / count


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, default=0, help="of the lengths")
    options.add_argument("--workers", type=int, nargs="*", default=WORKERS)
    asked = options.parse_args()
    with TemporaryDirectory() as folder:
        site = Site(Path(folder), Path(folder), Path(folder))
        cells = draw_grid(site, asked.seed)
        stages = graph.chain(cells)
        print(f"{len(cells):,} cells, {len(stages):,} stages")
        print("workers  efficiency  planner, ms a stage")
        for workers in asked.workers:
            took, planning = simulate(cells, workers)
            efficiency = ideal_time(stages, workers) / took
            print(f"{workers:7}  {efficiency:9.1%}  {1000 * planning:8.2f}", flush=True)


if __name__ == "__main__":
    main()
