"""Floors: the scores of real data, which are training samples in the place of generated ones.

They depend on no sampler, and are measured once an autoencoder.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from samplebench.contracts.dataset import as_floats
from samplebench.contracts.metric import Evidence, Metric, Shown
from samplebench.missing import Missing
from samplebench.pipeline.request.measures import BoundMetric
from samplebench.pipeline.stages.core.extraction import FittedExtractor
from samplebench.pipeline.stages.core.scoring import CachedFeatures, measure_one
from samplebench.randomness import seeded
from samplebench.vocabulary import Floor

MOST_SUBSETS: Final = 5
"""Subsets on which a floor is measured, at most."""

_SHARED: Final = 0.1
"""The share of a subset that others may have too."""

Rows = Int64[Tensor, " count"]


@dataclass(frozen=True)
class RealFeatures:
    """An extractor, and its features of each subset of the training samples."""

    extractor: FittedExtractor
    of_subsets: Sequence[Float[Tensor, "count width"]]


@dataclass(frozen=True)
class RealData:
    """The floors that are asked for, and what measuring them takes besides the evidence.

    Attributes:
        metrics: those that have a floor.
        count: samples in a subset: as many as are generated.
        features: by the key of an extractor, the features of real data, or why there are none.
    """

    metrics: tuple[BoundMetric, ...]
    count: int
    features: Mapping[str, RealFeatures | Missing]


def choose_subsets(total: int, count: int) -> list[Rows]:
    """Choose random subsets of ``total`` training samples, always the same ones.

    They are disjoint, or share a tenth of a subset at most, which makes their std 5 % too small at
    most. As many as there are samples for, up to ``MOST_SUBSETS``; none where samples are fewer
    than ``count``, because scores of fewer samples do not compare.
    """
    with seeded(0, "real data"):
        order = torch.randperm(total)
    subsets = min(MOST_SUBSETS, int(total / count + _SHARED)) if total >= count else 0
    starts = [total * place // subsets for place in range(subsets)]
    return [order.roll(-start)[:count] for start in starts]


def measure_floors(seed: int, real: RealData, evidence: Evidence) -> list[Floor | Missing | None]:
    """Measure each floor, or give the reason why measuring it failed.

    ``None`` where training samples are too few, or the metric has no number for real data.

    Args:
        evidence: that of the reconstruction row.
    """
    subsets = choose_subsets(len(evidence.train), real.count)
    found = list[Floor | Missing | None]()
    for bound in real.metrics:
        features = real.features[bound.features.key] if bound.features else None
        if isinstance(features, Missing):
            found.append(Missing(f"no features: {features}"))
            continue
        shown = (_stand_in(evidence, subsets, place, features) for place in range(len(subsets)))
        try:
            found.append(_measure_floor(seed, bound, shown))
        except Exception as error:  # a metric may raise anything
            found.append(Missing(f"{type(error).__name__}: {error}"))
    return found


def _stand_in(
    evidence: Evidence, subsets: Sequence[Rows], place: int, features: RealFeatures | None
) -> Evidence:
    """The evidence with one subset of the training samples in the place of generated ones."""
    rows = subsets[place]
    device = evidence.train_latents.device
    shown = evidence.with_real_data(
        as_floats(evidence.train[rows]).to(device), evidence.train_latents[rows.to(device)]
    )
    if features is None:
        return shown
    fitted = features.extractor
    known: dict[Shown, Tensor] = {"test": fitted.test, "generated": features.of_subsets[place]}
    return shown.with_features(CachedFeatures(shown, fitted.extractor, known))


def _measure_floor(
    seed: int, bound: BoundMetric, shown: Iterable[Evidence]
) -> Floor | Missing | None:
    """Measure a metric on each evidence, and its bias on the first."""
    metric: Metric = bound.metric.build()
    values, bias, count = list[float](), None, 0
    for evidence in shown:
        result = measure_one(seed, bound.metric.key, metric, evidence)
        if result.value is None:
            return None if result.settled else Missing(str(result.problem))
        if not values:
            bias = metric.bias(evidence.restricted_to(metric.needs))
            count = len(evidence.generated_latents)
        values.append(result.value)
    return Floor(tuple(values), count, bias) if values else None
