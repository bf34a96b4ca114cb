"""The metrics of a cell: each in every extractor that it needs, or refused with a reason."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from samplebench.contracts.dataset import Shape
from samplebench.contracts.latents import LatentSpace
from samplebench.contracts.metric import Metric, Need
from samplebench.contracts.sampler import DensitySampler, Sampler
from samplebench.missing import Missing
from samplebench.registry.loading import Parts
from samplebench.registry.registry import Chosen


@dataclass(frozen=True)
class BoundMetric:
    """A metric, bound to the feature extractor in which it is measured if it needs one."""

    metric: Chosen
    features: Chosen | None

    @staticmethod
    def of(names: tuple[str, str | None], parts: Parts) -> "BoundMetric":
        metric, features = names
        return BoundMetric(
            parts.metrics.choose(metric)[0],
            parts.features.choose(features)[0] if features else None,
        )

    @property
    def names(self) -> tuple[str, str | None]:
        """The specs of both as plain text, for other processes; ``of`` reads them."""
        return str(self.metric), str(self.features) if self.features else None

    @property
    def key(self) -> tuple[str, str | None]:
        return self.metric.key, self.features.key if self.features else None

    def __str__(self) -> str:
        return f"{self.metric}[{self.features}]" if self.features else str(self.metric)


@dataclass(frozen=True)
class Selection:
    """The metrics that are measured on a cell, and those that are refused there.

    ``floors`` are those whose floor is measured there: on the reconstruction row, also of metrics
    that take a sampler.
    """

    metrics: tuple[BoundMetric, ...]
    refused: tuple[tuple[BoundMetric, Missing], ...]
    floors: tuple[BoundMetric, ...] = ()

    @property
    def recorded(self) -> tuple[BoundMetric, ...]:
        """The metrics that the record of the cell has something of."""
        return tuple({bound.key: bound for bound in (*self.metrics, *self.floors)}.values())


def bind_metrics(
    metrics: Iterable[Chosen], features: Sequence[Chosen], also: Iterable[BoundMetric]
) -> tuple[BoundMetric, ...]:
    """Bind every metric to every extractor that it needs; these and others, each once."""
    asked = [
        BoundMetric(metric, extractor)
        for metric in metrics
        for extractor in (features if needs_features(metric) else (None,))
    ]
    unique: dict[tuple[str, str | None], BoundMetric] = {}
    for bound in [*asked, *also]:
        unique.setdefault(bound.key, bound)
    return tuple(unique.values())


def needs_features(metric: Chosen) -> bool:
    """True if it is measured in feature extractors."""
    built: Metric = metric.build()
    return Need.FEATURES in built.needs


def applicable(
    metrics: Iterable[BoundMetric],
    shape: Shape,
    space: LatentSpace,
    sampler: Sampler | None,
    refused: Mapping[str, Missing] = MappingProxyType({}),
) -> Selection:
    """Select the metrics for these samples and latents, and for this sampler or the
    reconstruction row.

    Args:
        shape: of one sample.
        refused: by the key of an extractor, the reason why it takes no samples of this shape.
    """
    objections = [
        (
            bound,
            (refused.get(bound.features.key) if bound.features else None)
            or objection_to(bound.metric.build(), shape, space, sampler),
        )
        for bound in metrics
    ]
    return Selection(
        tuple(bound for bound, objection in objections if objection is None),
        tuple((bound, objection) for bound, objection in objections if objection is not None),
        tuple(
            bound
            for bound, _ in objections
            if sampler is None
            and _has_floor(bound, shape, space)
            and not (bound.features and bound.features.key in refused)
        ),
    )


def _has_floor(bound: BoundMetric, shape: Shape, space: LatentSpace) -> bool:
    metric: Metric = bound.metric.build()
    return metric.has_floor and metric.objection(shape, space) is None


def objection_to(
    metric: Metric, shape: Shape, space: LatentSpace, sampler: Sampler | None
) -> Missing | None:
    """The reason why a metric is not measured on a sampler's row, or on the reconstruction row.

    Labels are not asked for here: whether a dataset has any is known only once it is read.
    """
    if objection := metric.objection(shape, space):
        return Missing(objection)
    if sampler is None:
        return _objection_without_sampler(metric)
    if not metric.depends_on_sampler:
        return Missing("depends on no sampler, and is measured once, on the reconstruction row")
    if Need.DENSITY in metric.needs:
        return _density_objection(sampler, space)
    return None


def _density_objection(sampler: Sampler, space: LatentSpace) -> Missing | None:
    """The reason why a sampler's density cannot be evaluated on this space."""
    if not isinstance(sampler, DensitySampler):
        return Missing("needs a density, and this sampler has none")
    if reason := sampler.no_density(space):
        return Missing(f"needs a density: {reason}")
    return None


def _objection_without_sampler(metric: Metric) -> Missing | None:
    for need, words in (
        (Need.SAMPLER, "a sampler"),
        (Need.DENSITY, "the density of a sampler"),
        (Need.COSTS, "the costs of a sampler"),
    ):
        if need in metric.needs:
            return Missing(f"needs {words}, and the reconstruction row has none")
    return None
