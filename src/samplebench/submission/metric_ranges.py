"""The range of each bundled metric: a number outside of it cannot be its score.

The table stands here, and not in the contract of metrics, because a range changes no score: code
of parts is in the digest of records.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from samplebench.results.record import Score


@dataclass(frozen=True)
class Range:
    """The lowest and the highest score that is possible.

    Attributes:
        coincides: True where equal scores of different rows are no surprise: shares and counts,
            of which there are few.
    """

    low: float = -math.inf
    high: float = math.inf
    coincides: bool = False

    def holds(self, value: float) -> bool:
        """True of a score that is possible, rounding in single precision included."""
        return _widen(self.low, -1) <= value <= _widen(self.high, 1)

    def __str__(self) -> str:
        return (
            f"{self.low:g} to {self.high:g}" if self.high < math.inf else f"{self.low:g} or more"
        )


def _widen(bound: float, sign: int) -> float:
    return bound + sign * _ROUNDING * abs(bound) if math.isfinite(bound) else bound


_ROUNDING: Final = 1e-6
"""Relative: a bound of 0 is exact."""

_SHARE: Final = Range(0.0, 1.0, coincides=True)
_ANY: Final = Range()
_POSITIVE: Final = Range(0.0)

RANGES: Final[Mapping[str, Range]] = {
    "authenticity": _SHARE,
    "bits-per-image": Range(0.0, coincides=True),
    "bits-per-site": Range(0.0, coincides=True),
    "closeness": _SHARE,
    "codebook-perplexity": Range(1.0),
    "codes-used": _SHARE,
    "data-copying": _ANY,
    "energy-perplexity": Range(1.0),
    "fit-cpu-seconds": _POSITIVE,
    "fit-seconds": _POSITIVE,
    "frechet-distance": _POSITIVE,
    "held-out-bits": _ANY,
    "latent-authenticity": _SHARE,
    "near-copies": _SHARE,
    "peak-device-memory": _POSITIVE,
    "peak-host-memory": _POSITIVE,
    "psnr": _POSITIVE,
    "reconstruction-frechet-distance": _POSITIVE,
    "reconstruction-mse": _POSITIVE,
    "samples-per-second": _POSITIVE,
    "sliced-wasserstein": _POSITIVE,
    "ssim": Range(-1.0, 1.0),
}
"""By the name of a metric of this distribution."""

_BUNDLED: Final = "samplebench"


def range_of(score: Score) -> Range:
    """The range of a score; that of costs and of units that cannot be negative where its metric
    is not one of ours.
    """
    if score.metric.plugin == _BUNDLED and score.metric.name in RANGES:
        return RANGES[score.metric.name]
    return _POSITIVE if score.subject == "cost" else _ANY
