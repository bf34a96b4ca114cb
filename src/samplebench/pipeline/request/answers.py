"""The answers of the parts of a plan: which of them work together, known before any work."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from samplebench.apart import Fault
from samplebench.contracts.dataset import Shape
from samplebench.contracts.latents import LatentSpace
from samplebench.contracts.metric import Need
from samplebench.missing import Missing
from samplebench.pipeline.request.autoencoders import Built, build_once
from samplebench.pipeline.request.grid import Cell
from samplebench.pipeline.request.measures import (
    BoundMetric,
    MetricFacts,
    SamplerFacts,
    bind_metrics,
    facts_of_metric,
    facts_of_sampler,
    needs_of,
)
from samplebench.pipeline.request.shapes import shape_of, width_of
from samplebench.plain_text import shorten
from samplebench.registry.asking import Asker, Question
from samplebench.registry.registry import Chosen

_COSTS: Final = {
    "dataset": "its cells are refused",
    "autoencoder": "its cells are refused",
    "sampler": "its cells are refused",
    "features": "nothing is measured in them",
    "metric": "it is not measured",
}
"""The costs of a part of a kind that gives no answers."""


class Answers:
    """Asks parts in processes of their own, each once for each thing that it is put together with.

    Args:
        data_dir: where datasets look for their files.
        checkpoint: the digest of the weights that were given for the autoencoder.
    """

    def __init__(self, asker: Asker, data_dir: Path, checkpoint: str | None) -> None:
        self._asker, self._data_dir, self._checkpoint = asker, data_dir, checkpoint

    def prepare_needs(self, metrics: Iterable[Chosen]) -> None:
        """Ask every metric for its needs."""
        self._asker.prepare(Question(needs_of, metric) for metric in metrics)

    def prepare_builds(self, cells: Sequence[Cell], features: Sequence[Chosen]) -> None:
        """Ask for every shape and latent space, for which all others are asked."""
        self._asker.prepare(self._shape(cell.dataset) for cell in cells)
        self._asker.prepare(self._builds(cells, features))

    def prepare_facts(self, cells: Sequence[Cell], metrics: Iterable[Chosen]) -> None:
        """Ask every sampler and metric for its part in the plan."""
        self._asker.prepare(self._facts(cells, tuple(metrics)))

    def shape(self, dataset: Chosen) -> Shape | Missing:
        """The shape of one sample of a dataset.

        Raises:
            DataMissing: it has none without its files.
        """
        shape: Shape | Missing = self._asker.answer(self._shape(dataset))
        return shape

    def autoencoder(self, cell: Cell) -> Built | Missing:
        """Return the facts of a cell's autoencoder, or the reason why it cannot be used there."""
        shape = self.shape(cell.dataset)
        if isinstance(shape, Missing):
            return shape
        built: Built | Missing = self._asker.answer(self._build(cell, shape))
        return built

    def loaded(self, cell: Cell) -> str | None:
        """The digest of weights that are not trained here; None if it is trained."""
        built = self.autoencoder(cell)
        return self._checkpoint if isinstance(built, Missing) else built.loaded

    def sampler(self, cell: Cell, space: LatentSpace) -> SamplerFacts | Missing | None:
        """The answers of a cell's sampler, if it has one."""
        if cell.sampler is None:
            return None
        facts: SamplerFacts | Missing = self._asker.answer(_ask_sampler(cell.sampler, space))
        return facts

    def metrics(
        self, metrics: Iterable[Chosen], shape: Shape, space: LatentSpace
    ) -> dict[str, MetricFacts | Missing]:
        """The answers of each metric, by its key."""
        return {
            metric.key: self._asker.answer(_ask_metric(metric, shape, space)) for metric in metrics
        }

    def bind(
        self, metrics: Iterable[Chosen], features: Sequence[Chosen], also: Iterable[BoundMetric]
    ) -> tuple[BoundMetric, ...]:
        """Bind every metric to every extractor that it needs; these and others, each once."""
        asked = {metric.key: (metric, self.needs_features(metric)) for metric in metrics}
        return bind_metrics(asked, features, also)

    def needs_features(self, metric: Chosen) -> bool:
        """True if it is measured in feature extractors; one that does not answer is nowhere."""
        needs = self._asker.answer(Question(needs_of, metric))
        return not isinstance(needs, Missing) and Need.FEATURES in needs

    def width(self, extractor: Chosen, dataset: Chosen) -> int | Missing | None:
        """The number of features where it is known, or the reason why it takes no such samples.

        Raises:
            WeightsMissing: it cannot be built without its weights.
        """
        shape = self.shape(dataset)
        if isinstance(shape, Missing):
            return shape
        width: int | Missing | None = self._asker.answer(_ask_width(extractor, shape))
        return width

    def refused(self, dataset: Chosen, metrics: Iterable[BoundMetric]) -> dict[str, Missing]:
        """The extractors, by key, that take no samples of a dataset, with their reasons."""
        extractors = {b.features.key: b.features for b in metrics if b.features}
        widths = {key: self.width(extractor, dataset) for key, extractor in extractors.items()}
        return {key: width for key, width in widths.items() if isinstance(width, Missing)}

    def faults(self) -> Iterator[str]:
        """The parts that gave no answers, each with the reason and what it costs.

        An autoencoder or an extractor that does not take some samples has answered.
        """
        for kind, cost in _COSTS.items():
            for missing in self._asker.missing(kind):
                if isinstance(missing, Fault) or kind not in ("autoencoder", "features"):
                    yield f"{shorten(missing.reason, 400)}; {cost}"

    def _builds(self, cells: Sequence[Cell], features: Sequence[Chosen]) -> Iterator[Question]:
        for cell in cells:
            if not isinstance(shape := self.shape(cell.dataset), Missing):
                yield self._build(cell, shape)
                yield from (_ask_width(extractor, shape) for extractor in features)

    def _facts(self, cells: Sequence[Cell], metrics: tuple[Chosen, ...]) -> Iterator[Question]:
        for cell in cells:
            shape, built = self.shape(cell.dataset), self.autoencoder(cell)
            if isinstance(shape, Missing) or isinstance(built, Missing):
                continue
            if cell.sampler:
                yield _ask_sampler(cell.sampler, built.space)
            yield from (_ask_metric(metric, shape, built.space) for metric in metrics)

    def _shape(self, dataset: Chosen) -> Question:
        return Question(shape_of, dataset, (self._data_dir,))

    def _build(self, cell: Cell, shape: Shape) -> Question:
        return Question(build_once, cell.autoencoder, (shape, self._checkpoint))


def _ask_sampler(sampler: Chosen, space: LatentSpace) -> Question:
    return Question(facts_of_sampler, sampler, (space,))


def _ask_metric(metric: Chosen, shape: Shape, space: LatentSpace) -> Question:
    return Question(facts_of_metric, metric, (shape, space))


def _ask_width(extractor: Chosen, shape: Shape) -> Question:
    return Question(width_of, extractor, (shape,))
