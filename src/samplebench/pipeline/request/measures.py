"""The metrics of a cell: each in every extractor that it needs, or refused with a reason."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from samplebench.contracts.dataset import Shape
from samplebench.contracts.latents import LatentSpace
from samplebench.contracts.metric import Metric, Need
from samplebench.contracts.sampler import DensitySampler, Sampler
from samplebench.error_text import cut
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


@dataclass(frozen=True)
class MetricFacts:
    """The answers of a metric on samples of one shape and latents of one space.

    Attributes:
        objection: the reason why it has no meaning for these.
    """

    needs: frozenset[Need]
    depends_on_sampler: bool
    has_floor: bool
    objection: str | None

    @staticmethod
    def of(metric: Metric, shape: Shape, space: LatentSpace) -> "MetricFacts":
        objection = metric.objection(shape, space)
        return MetricFacts(
            frozenset(map(Need, metric.needs)),
            bool(metric.depends_on_sampler),
            bool(metric.has_floor),
            cut(str(objection)) if objection else None,
        )


@dataclass(frozen=True)
class SamplerFacts:
    """The answers of a sampler on one space.

    Attributes:
        objection: the reason why it refuses this space.
        density: None if its density can be evaluated there, or the reason why not.
    """

    control: bool
    objection: str | None
    density: Missing | None

    @staticmethod
    def of(sampler: Sampler, space: LatentSpace) -> "SamplerFacts":
        objection = sampler.objection(space)
        if objection is not None:
            return SamplerFacts(bool(sampler.control), cut(str(objection)), None)
        return SamplerFacts(bool(sampler.control), None, _density_objection(sampler, space))


def needs_of(metric: Chosen) -> frozenset[Need]:
    """Build a metric, and ask for its needs."""
    built: Metric = metric.build()
    return frozenset(map(Need, built.needs))


def facts_of_metric(metric: Chosen, shape: Shape, space: LatentSpace) -> MetricFacts:
    """Build a metric, and ask everything that a plan asks."""
    return MetricFacts.of(metric.build(), shape, space)


def facts_of_sampler(sampler: Chosen, space: LatentSpace) -> SamplerFacts:
    """Build a sampler, and ask everything that a plan asks."""
    return SamplerFacts.of(sampler.build(), space)


def _density_objection(sampler: Sampler, space: LatentSpace) -> Missing | None:
    """The reason why a sampler's density cannot be evaluated on this space."""
    if not isinstance(sampler, DensitySampler):
        return Missing("needs a density, and this sampler has none")
    if reason := sampler.no_density(space):
        return Missing(cut(f"needs a density: {reason}"))
    return None


def bind_metrics(
    metrics: Mapping[str, tuple[Chosen, bool]],
    features: Sequence[Chosen],
    also: Iterable[BoundMetric],
) -> tuple[BoundMetric, ...]:
    """Bind every metric to every extractor that it needs; these and others, each once.

    Args:
        metrics: by key, each with ``True`` if it is measured in feature extractors.
    """
    asked = [
        BoundMetric(metric, extractor)
        for metric, in_features in metrics.values()
        for extractor in (features if in_features else (None,))
    ]
    unique: dict[tuple[str, str | None], BoundMetric] = {}
    for bound in [*asked, *also]:
        unique.setdefault(bound.key, bound)
    return tuple(unique.values())


def applicable(
    metrics: Iterable[BoundMetric],
    facts: Mapping[str, MetricFacts | Missing],
    sampler: SamplerFacts | None,
    refused: Mapping[str, Missing] = MappingProxyType({}),
) -> Selection:
    """Select the metrics for some samples and latents, and for this sampler or the
    reconstruction row.

    Args:
        facts: the answers of each metric, by its key, or the reason why there are none.
        refused: by the key of an extractor, the reason why it takes none of these samples.
    """
    objections = [
        (
            bound,
            (refused.get(bound.features.key) if bound.features else None)
            or objection_to(facts[bound.metric.key], sampler),
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
            and _has_floor(facts[bound.metric.key])
            and not (bound.features and bound.features.key in refused)
        ),
    )


def _has_floor(metric: MetricFacts | Missing) -> bool:
    return not isinstance(metric, Missing) and metric.has_floor and metric.objection is None


def objection_to(metric: MetricFacts | Missing, sampler: SamplerFacts | None) -> Missing | None:
    """The reason why a metric is not measured on a sampler's row, or on the reconstruction row.

    Labels are not asked for here: whether a dataset has any is known only once it is read.
    """
    if isinstance(metric, Missing):
        return metric
    if metric.objection is not None:
        return Missing(metric.objection)
    if sampler is None:
        return _objection_without_sampler(metric.needs)
    if not metric.depends_on_sampler:
        return Missing("depends on no sampler, and is measured once, on the reconstruction row")
    return sampler.density if Need.DENSITY in metric.needs else None


def _objection_without_sampler(needs: frozenset[Need]) -> Missing | None:
    for need, words in (
        (Need.SAMPLER, "a sampler"),
        (Need.DENSITY, "the density of a sampler"),
        (Need.COSTS, "the costs of a sampler"),
    ):
        if need in needs:
            return Missing(f"needs {words}, and the reconstruction row has none")
    return None
