"""Guesses how long stages take, by which a run decides on their turns. Only proportions matter."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from statistics import mean
from typing import Final

from samplebench.pipeline.stages.autoencoder import AutoencoderStage
from samplebench.pipeline.stages.cell import CellStage
from samplebench.pipeline.stages.stage import Stage
from samplebench.results.record import Record

_TRAINING: Final = ("train", "encode")
_TRAININGS_TO_CELLS: Final = 10.0
"""As many times as a cell takes a training, where nothing was measured yet."""


def guess_lengths(records: Iterable[Record]) -> Callable[[Stage], float]:
    """A guess for each stage: the mean of its part in the records, or else of its kind."""
    trainings: dict[str, list[float]] = defaultdict(list)
    cells: dict[str, list[float]] = defaultdict(list)
    for record in records:
        if record.status == "measured":
            seconds = {name: cost.wall_seconds for name, cost in record.costs.items()}
            trained = sum(seconds.pop(name, 0.0) for name in _TRAINING)
            trainings[record.autoencoder.spec].append(trained)
            cells[record.sampler.spec if record.sampler else ""].append(sum(seconds.values()))
    of_training, of_cell = _means(trainings), _means(cells)
    other_cell = mean(of_cell.values()) if of_cell else 1.0
    other_training = (
        mean(of_training.values()) if of_training else _TRAININGS_TO_CELLS * other_cell
    )

    def guess(stage: Stage) -> float:
        if isinstance(stage, AutoencoderStage):
            return of_training.get(str(stage.autoencoder), other_training)
        if isinstance(stage, CellStage):
            return of_cell.get(str(stage.sampler) if stage.sampler else "", other_cell)
        return other_cell

    return guess


def _means(seconds: dict[str, list[float]]) -> dict[str, float]:
    return {spec: mean(each) for spec, each in seconds.items()}
