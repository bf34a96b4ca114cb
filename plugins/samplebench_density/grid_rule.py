"""How a grid is laid over latents: the range of each dimension, and its number of bins."""

from dataclasses import dataclass
from math import log2, pi
from typing import Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor

from samplebench import LatentSpace
from samplebench.settings import one_of
from samplebench_density.grid import MOST_BINS, Grid
from samplebench_density.pieces import Pieces, Vectors
from samplebench_density.spread import Dimensions, Spread

Range = Literal["min-max", "quantile", "std", "fixed"]
BinRule = Literal["scott", "freedman-diaconis", "sturges"]
BinSetting = int | tuple[int, ...] | BinRule


@dataclass(frozen=True)
class GridRule:
    """The settings that samplers share which cut every dimension into bins; see ``PMFS``.

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
        elif not self._numbers or not all(1 <= number <= MOST_BINS for number in self._numbers):
            raise ValueError(f"bins must be between 1 and {MOST_BINS}, not {self.bins}")
        if not 0 <= self.quantile < 0.5:
            raise ValueError(f"quantile must be at least 0 and below 0.5, not {self.quantile}")
        for name, number in {"deviations": self.deviations, "bound": self.bound}.items():
            if not number > 0:
                raise ValueError(f"{name} must be positive, not {number}")
        one_of("range", self.range, get_args(Range))

    def refuses(self, space: LatentSpace) -> str | None:
        """Why no grid can be laid over this space, or ``None``."""
        dimensions = space.sites * space.value_width
        if not isinstance(self.bins, tuple) or len(self.bins) == dimensions:
            return None
        return f"bins has {len(self.bins)} numbers, and these latents have {dimensions} dimensions"

    @property
    def looks_first(self) -> bool:
        """Whether the grid depends on the latents."""
        return self.range != "fixed" or isinstance(self.bins, str)

    def require_passes(self, pieces: Pieces) -> None:
        """Make sure that latents can be gone through as the rule needs it.

        Raises:
            ValueError: they come once, or in several batches, and the rule needs them twice, or
                all at once.
        """
        if self.range == "quantile":
            pieces.whole("range='quantile'")
        if self.bins == "freedman-diaconis":
            pieces.whole("bins='freedman-diaconis'")
        if self.looks_first:
            pieces.require_two_passes()

    def grid(self, pieces: Pieces, spread: Spread) -> Grid:
        """The grid over latents. ``spread`` is theirs where the rule looks first.

        Raises:
            ValueError: the range has no width in a dimension in which they vary.
        """
        form = pieces.form
        low, high = self._limits(pieces, spread)
        self._require_width(low, high, spread)
        if isinstance(self.bins, str):
            bins = self._counted(self.bins, high.double() - low.double(), pieces, spread)
        else:
            bins = torch.tensor(self._numbers, device=form.device).expand(form.dimensions)
        return Grid.between(low, high, bins.to(low))

    @property
    def _numbers(self) -> tuple[int, ...]:
        """The bins of each dimension, or the one number for all."""
        if isinstance(self.bins, str):
            return ()
        return self.bins if isinstance(self.bins, tuple) else (self.bins,)

    def _limits(self, pieces: Pieces, spread: Spread) -> tuple[Dimensions, Dimensions]:
        """The range of each dimension."""
        form = pieces.form
        match self.range:
            case "min-max":
                return spread.low, spread.high
            case "quantile":
                vectors = pieces.whole("range='quantile'")
                outside = int(self.quantile * (len(vectors) - 1))
                return _ranked(vectors, outside), _ranked(vectors, len(vectors) - 1 - outside)
            case "std":
                reach = self.deviations * spread.deviations
                low, high = spread.mean - reach, spread.mean + reach
                # The mean of equal numbers is rounded; they themselves are not.
                varies = reach > 0
                return (
                    torch.where(varies, low.to(spread.low), spread.low),
                    torch.where(varies, high.to(spread.low), spread.low),
                )
            case "fixed":
                bound = torch.full(
                    (form.dimensions,), self.bound, device=form.device, dtype=form.precision
                )
                return -bound, bound

    def _require_width(self, low: Dimensions, high: Dimensions, spread: Spread) -> None:
        if not self.looks_first:
            return  # the range is wide enough, and of the spread nothing is known yet
        bare = int(((low == high) & (spread.low < spread.high)).sum())
        if bare:
            raise ValueError(
                f"range={self.range!r} has no width in {bare} of {len(low)} dimensions, though "
                "the latents vary there, as most are equal; another range, such as 'min-max', has "
                "one"
            )

    @staticmethod
    def _counted(
        rule: BinRule, reach: Dimensions, pieces: Pieces, spread: Spread
    ) -> Float[Tensor, " D"]:
        """As many bins of the width that the rule gives as cover the range."""
        third = spread.count ** (-1 / 3)
        match rule:
            case "scott":
                width = (24 * pi**0.5) ** (1 / 3) * spread.deviations * third
            case "freedman-diaconis":
                vectors = pieces.whole("bins='freedman-diaconis'")
                width = 2 * (_quantile(vectors, 0.75) - _quantile(vectors, 0.25)) * third
            case "sturges":
                width = reach / (log2(spread.count) + 1)
        return torch.where(width > 0, reach / width, 1.0).ceil().clamp(1, MOST_BINS)


def _quantile(vectors: Vectors, share: float) -> Float[Tensor, " D"]:
    """In each dimension the number below which this share lies, between its neighbours."""
    place = share * (len(vectors) - 1)
    below = _ranked(vectors, int(place)).double()
    above = _ranked(vectors, min(int(place) + 1, len(vectors) - 1)).double()
    return below + (place - int(place)) * (above - below)


def _ranked(vectors: Vectors, rank: int) -> Dimensions:
    """The numbers of this rank, counted from 0.

    By ``kthvalue``, for ``torch.quantile`` takes no more than 2²⁴ numbers.
    """
    return vectors.kthvalue(rank + 1, 0).values
