"""What is measured on a cell: each metric, in each feature extractor if it uses features."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from samplebench.contracts.latents import LatentSpace
from samplebench.contracts.metric import Metric
from samplebench.contracts.sampler import DensitySampler, Sampler
from samplebench.registry.loading import Parts
from samplebench.registry.registry import Chosen


@dataclass(frozen=True)
class Measure:
    """A metric, and the feature extractor in which it is measured if it needs one."""

    metric: Chosen
    features: Chosen | None

    @staticmethod
    def of(names: tuple[str, str | None], parts: Parts) -> "Measure":
        metric, features = names
        return Measure(
            parts.metrics.choose(metric)[0],
            parts.features.choose(features)[0] if features else None,
        )

    @property
    def names(self) -> tuple[str, str | None]:
        """The measure as plain text, for other processes; ``of`` reads it."""
        return str(self.metric), str(self.features) if self.features else None

    @property
    def key(self) -> tuple[str, str | None]:
        return self.metric.key, self.features.key if self.features else None

    def __str__(self) -> str:
        return f"{self.metric}[{self.features}]" if self.features else str(self.metric)


def all_measures(
    metrics: Iterable[Chosen], features: Sequence[Chosen], also: Iterable[Measure]
) -> tuple[Measure, ...]:
    """Every metric in every extractor that it needs, and others, each once."""
    asked = [
        Measure(metric, extractor)
        for metric in metrics
        for extractor in (features if metric.build().uses_features else (None,))
    ]
    unique: dict[tuple[str, str | None], Measure] = {}
    for measure in [*asked, *also]:
        unique.setdefault(measure.key, measure)
    return tuple(unique.values())


def applicable(
    measures: Iterable[Measure], space: LatentSpace, sampler: Sampler | None
) -> tuple[Measure, ...]:
    """Those that have a meaning for this space, and for this sampler or the row without one."""
    return tuple(measure for measure in measures if _applies(measure, space, sampler))


def _applies(measure: Measure, space: LatentSpace, sampler: Sampler | None) -> bool:
    metric: Metric = measure.metric.build()
    if metric.subject == "autoencoder" and sampler:
        return False  # told once, on the reconstruction row
    if not sampler and (metric.subject == "cost" or _is_distance_of_latents(metric)):
        return False  # nothing was fitted, and held-out latents are at no distance from themselves
    if metric.uses_density and not _has_density(sampler, space):
        return False
    return metric.objection(space) is None


def _has_density(sampler: Sampler | None, space: LatentSpace) -> bool:
    return isinstance(sampler, DensitySampler) and sampler.no_density(space) is None


def _is_distance_of_latents(metric: Metric) -> bool:
    """A diagnostic, which has an alarm, needs its value on the reconstruction row instead."""
    return metric.subject == "latents" and metric.alarm is None
