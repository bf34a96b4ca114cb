"""The rules that give every dimension its range and its number of bins."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import pi
from typing import Literal, NamedTuple, get_args

import torch
from jaxtyping import Float
from torch import Tensor

from samplebench import LatentSpace
from samplebench.settings import one_of
from samplebench_density.histogram.batches import LatentBatches
from samplebench_density.histogram.bins import MOST_BINS, Bins
from samplebench_density.vectors.chunks import Chunk, Vectors
from samplebench_density.vectors.statistics import PerDimension, Statistics

Range = Literal["min-max", "quantile", "std", "fixed"]
BinRule = Literal["scott", "freedman-diaconis", "sturges"]
BinSetting = int | tuple[int, ...] | BinRule


class Binned(NamedTuple):
    """The bins of some latents, and the pass over the latents that is still to come.

    ``statistics`` are complete once all ``chunks`` have been read.
    """

    bins: Bins
    statistics: Statistics
    chunks: Iterator[Chunk]


@dataclass(frozen=True, kw_only=True)
class Binning:
    """The settings by which PMFS divides every dimension into bins; see ``PMFS``.

    Raises:
        ValueError: a setting is out of its range.
    """

    bins: BinSetting
    range: Range
    quantile: float
    deviations: float
    bound: float

    def __post_init__(self) -> None:
        if isinstance(self.bins, str):
            one_of("bins", self.bins, get_args(BinRule))
        elif not self._counts or not all(1 <= count <= MOST_BINS for count in self._counts):
            raise ValueError(f"bins must be between 1 and {MOST_BINS}, not {self.bins}")
        if not 0 <= self.quantile < 0.5:
            raise ValueError(f"quantile must be at least 0 and below 0.5, not {self.quantile}")
        for name, number in {"deviations": self.deviations, "bound": self.bound}.items():
            if not number > 0:
                raise ValueError(f"{name} must be positive, not {number}")
        one_of("range", self.range, get_args(Range))

    def refuses(self, space: LatentSpace) -> str | None:
        """Give the reason why this space cannot be binned, or ``None``."""
        dimensions = space.sites * space.value_width
        if not isinstance(self.bins, tuple) or len(self.bins) == dimensions:
            return None
        return f"bins has {len(self.bins)} numbers, and these latents have {dimensions} dimensions"

    def bin_batches(self, batches: LatentBatches) -> Binned:
        """Find the bins, in a pass over the latents of its own where the bins depend on them.

        Raises:
            ValueError: the batches cannot be read twice, or are several, and a rule needs it; or
                the range has no width in a dimension in which the latents vary.
        """
        self._require_passes(batches)
        statistics = Statistics()
        if self._depends_on_latents:
            for chunk in batches.chunks():
                statistics.add(chunk)
            chunks = batches.blocks()
        else:
            chunks = statistics.add_each(batches.chunks())
        return Binned(self.find_bins(batches, statistics), statistics, chunks)

    def find_bins(self, batches: LatentBatches, statistics: Statistics) -> Bins:
        """Find the bins of latents with these statistics, which a fixed rule does not read.

        Raises:
            ValueError: the range has no width in a dimension in which they vary.
        """
        form = batches.form
        low, high = self._find_range(batches, statistics)
        self._require_width(statistics, low=low, high=high)
        if isinstance(self.bins, str):
            reach = high.double() - low.double()
            counts = self._count_by_rule(self.bins, reach, batches, statistics)
        else:
            counts = torch.tensor(self._counts, device=form.device).expand(form.dimensions)
        return Bins.between(low=low, high=high, counts=counts.to(low))

    @property
    def _counts(self) -> tuple[int, ...]:
        """The bins of each dimension, or the one number for all."""
        if isinstance(self.bins, str):
            return ()
        return self.bins if isinstance(self.bins, tuple) else (self.bins,)

    @property
    def _depends_on_latents(self) -> bool:
        return self.range != "fixed" or isinstance(self.bins, str)

    def _require_passes(self, batches: LatentBatches) -> None:
        if self.range == "quantile":
            batches.whole("range='quantile'")
        if self.bins == "freedman-diaconis":
            batches.whole("bins='freedman-diaconis'")
        if self._depends_on_latents:
            batches.require_two_passes()

    def _find_range(
        self, batches: LatentBatches, statistics: Statistics
    ) -> tuple[PerDimension, PerDimension]:
        """The lower and the upper end of each dimension's range."""
        form = batches.form
        match self.range:
            case "min-max":
                return statistics.low, statistics.high
            case "quantile":
                vectors = batches.whole("range='quantile'")
                outside = int(self.quantile * (len(vectors) - 1))
                return _by_rank(vectors, outside), _by_rank(vectors, len(vectors) - 1 - outside)
            case "std":
                reach = self.deviations * statistics.std
                low, high = statistics.mean - reach, statistics.mean + reach
                # The mean of equal numbers is rounded; they themselves are not.
                varies = reach > 0
                return (
                    torch.where(varies, low.to(statistics.low), statistics.low),
                    torch.where(varies, high.to(statistics.low), statistics.low),
                )
            case "fixed":
                bound = torch.full(
                    (form.dimensions,), self.bound, device=form.device, dtype=form.precision
                )
                return -bound, bound

    def _require_width(
        self, statistics: Statistics, *, low: PerDimension, high: PerDimension
    ) -> None:
        if not self._depends_on_latents:
            return  # the range is wide enough, and the statistics are still empty
        bare = int(((low == high) & (statistics.low < statistics.high)).sum())
        if bare:
            raise ValueError(
                f"range={self.range!r} has no width in {bare} of {len(low)} dimensions, though "
                "the latents vary there, as most are equal; another range, such as 'min-max', has "
                "one"
            )

    @staticmethod
    def _count_by_rule(
        rule: BinRule, reach: PerDimension, batches: LatentBatches, statistics: Statistics
    ) -> Float[Tensor, " D"]:
        """As many bins of the width that the rule gives as cover the range."""
        third = statistics.count ** (-1 / 3)
        match rule:
            case "scott":
                width = (24 * pi**0.5) ** (1 / 3) * statistics.std * third
            case "freedman-diaconis":
                vectors = batches.whole("bins='freedman-diaconis'")
                width = 2 * (_quantile(vectors, 0.75) - _quantile(vectors, 0.25)) * third
            case "sturges":
                return torch.where(reach > 0, float(count_by_sturges(statistics.count)), 1.0)
        return torch.where(width > 0, reach / width, 1.0).ceil().clamp(1, MOST_BINS)


def count_by_sturges(samples: int) -> int:
    """Compute ⌈log₂ n + 1⌉ exactly, which floating-point logarithms may round to one more."""
    return (samples - 1).bit_length() + 1


def _quantile(vectors: Vectors, share: float) -> Float[Tensor, " D"]:
    """The quantile of each dimension, interpolated between its neighbours."""
    place = share * (len(vectors) - 1)
    below = _by_rank(vectors, int(place)).double()
    above = _by_rank(vectors, min(int(place) + 1, len(vectors) - 1)).double()
    return below + (place - int(place)) * (above - below)


def _by_rank(vectors: Vectors, rank: int) -> PerDimension:
    """The number of this rank in each dimension, counted from 0.

    By ``kthvalue``, because ``torch.quantile`` takes no more than 2²⁴ numbers.
    """
    return vectors.kthvalue(rank + 1, 0).values
