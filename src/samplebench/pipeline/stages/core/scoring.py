"""Every metric of a cell, measured on the evidence that it needs."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from samplebench.contracts.answers import check_number
from samplebench.contracts.dataset import Samples
from samplebench.contracts.features import FeatureExtractor
from samplebench.contracts.metric import Evidence, Metric, Need, Shown
from samplebench.errors import NoNumber
from samplebench.missing import Missing
from samplebench.pipeline.request.measures import BoundMetric
from samplebench.pipeline.stages.core.extraction import FittedExtractor, extract
from samplebench.randomness import seeded


@dataclass(frozen=True, kw_only=True)
class Result:
    """The value of a metric, or the problem that stands in its place.

    ``settled`` is true of a problem that is the answer: the number has no meaning there.
    ``values`` holds a value for each fit and each draw from it, if there are several; ``value`` is
    their mean.
    """

    value: float | None = None
    values: tuple[tuple[float, ...], ...] = ()
    problem: str | None = None
    settled: bool = False


def measure_all(
    seed: int,
    metrics: Sequence[BoundMetric],
    evidence: Evidence,
    extractors: Mapping[str, FittedExtractor | Missing],
) -> list[Result]:
    """Measure each metric on what it declares to need of the evidence.

    Args:
        extractors: by its key, each fitted feature extractor, or why there is none.
    """
    in_features = {
        key: evidence.with_features(
            CachedFeatures(evidence, extractor.extractor, {"test": extractor.test})
        )
        for key, extractor in extractors.items()
        if isinstance(extractor, FittedExtractor)
    }
    results = []
    for bound in metrics:
        metric: Metric = bound.metric.build()
        extractor = extractors[bound.features.key] if bound.features else None
        if isinstance(extractor, Missing):
            results.append(Result(problem=f"no features: {extractor}"))
        else:
            complete = in_features[bound.features.key] if bound.features else evidence
            results.append(measure_one(seed, bound.metric.key, metric, complete))
    return results


class CachedFeatures:
    """The features of the samples of one cell in one extractor, each computed once.

    Args:
        known: those that are computed already.
    """

    def __init__(
        self, evidence: Evidence, extractor: FeatureExtractor, known: Mapping[Shown, Tensor]
    ) -> None:
        self.evidence, self.extractor, self.known = evidence, extractor, dict(known)

    def __call__(self, shown: Shown) -> Tensor:
        if shown not in self.known:
            # Read from evidence of its own, which keeps no copy once the features are known.
            samples: Samples = getattr(self.evidence.restricted_to({Need(shown)}), shown)
            self.known[shown] = extract(self.extractor, samples)
        return self.known[shown]


def measure_one(seed: int, key: str, metric: Metric, evidence: Evidence) -> Result:
    """Measure one metric, which cannot harm the scores of others."""
    if Need.LABELS in metric.needs and not evidence.holds(Need.LABELS):
        return Result(problem="needs labels, and this dataset has none", settled=True)
    try:
        with seeded(seed, "measure", key):
            value = check_number("measure", metric.measure(evidence.restricted_to(metric.needs)))
    except NoNumber as reason:
        return Result(problem=str(reason), settled=True)
    except (Exception, SystemExit) as error:  # a metric may raise anything
        return Result(problem=f"{type(error).__name__}: {error}")
    if not math.isfinite(value):
        return Result(problem=f"the metric gave {value}")
    return Result(value=value)
