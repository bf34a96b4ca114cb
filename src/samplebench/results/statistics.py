"""Statistics over seeds: means, intervals, and tests that hold for a handful of runs."""

import math
import sys
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, Generic, TypeVar

from scipy.special import stdtr, stdtrit

from samplebench.results.exact import find_mean, find_mean_and_std
from samplebench.results.studentized_range import ERROR, compute_tail, estimate_tail

SIGNIFICANCE: Final = 0.05
"""The highest share of sets of equal groups that may show a difference that is not there."""

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Summary:
    """One score over seeds. ``std`` has n - 1 in its denominator; a single value has none."""

    mean: float
    std: float | None
    n: int

    @staticmethod
    def of(values: Sequence[float]) -> "Summary":
        """The summary of at least one value."""
        if len(values) < 2:
            return Summary(find_mean(values), None, len(values))
        return Summary(*find_mean_and_std(values), len(values))

    @property
    def error(self) -> float:
        """The standard error of the mean; infinite where nothing is known of it."""
        return math.inf if self.std is None else self.std / math.sqrt(self.n)

    def interval(self, level: float = 0.95) -> tuple[float, float] | None:
        """The interval of the mean of all possible seeds, by Student's t; ``None`` for one value.

        With 5 seeds it covers what it claims; a percentile bootstrap of 95 % covers 84 %.
        """
        if self.std is None:
            return None
        reach = self.reach(level)
        return self.mean - reach, self.mean + reach

    def reach(self, level: float = 0.95) -> float:
        """Half the width of that interval; infinite for one value."""
        if self.std is None:
            return math.inf
        return min(_quantile_of_t(self.n - 1, (1 + level) / 2) * self.error, sys.float_info.max)


@dataclass(frozen=True)
class GamesHowell(Generic[Key]):
    """A test of the means of independent groups of at least two values each.

    ``t = |m1 − m2| / √(s1²/n1 + s2²/n2)``, times √2, is compared with the studentized range of all
    groups with Welch's degrees of freedom. No equal variances or sizes are assumed. Groups whose
    std is 0 differ when their means do.

    Reference: Pairwise Multiple Comparison Procedures with Unequal N's and/or Variances (Games
    and Howell, 1976), Journal of Educational Statistics 1(2).
    """

    groups: Mapping[Key, Summary]

    def mean_of(self, row: Key) -> float:
        """The mean that is tested."""
        return self.groups[row].mean

    def differ(self, one: Key, other: Key) -> bool:
        """Test whether two means differ, at the significance of all pairs together."""
        first, second = self.groups[one], self.groups[other]
        error = math.hypot(first.error, second.error)
        if error == 0:
            return first.mean != second.mean
        shares = [(each.error / error) ** 4 / (each.n - 1) for each in (first, second)]
        return exceeds_range(
            t=abs(first.mean - second.mean) / error,
            groups=len(self.groups),
            freedom=1 / sum(shares),
        )


@cache
def _quantile_of_t(freedom: int, probability: float) -> float:
    return float(stdtrit(freedom, probability))


def exceeds_range(*, t: float, groups: int, freedom: float) -> bool:
    """Test whether √2 t exceeds what the studentized range of equal ``groups`` exceeds in a share
    ``SIGNIFICANCE`` of cases.
    """
    # A range is wide when some pair is far apart, so its tail lies between that of one pair and
    # the sum over all pairs. Mostly the two agree, and the integral below is not needed.
    one_pair = 2 * float(stdtr(freedom, -t))
    if one_pair > SIGNIFICANCE:
        return False
    if one_pair * math.comb(groups, 2) <= SIGNIFICANCE:
        return True
    q = math.sqrt(2) * t
    tail = estimate_tail(q=q, groups=groups, freedom=freedom)
    if abs(tail - SIGNIFICANCE) < ERROR:
        tail = compute_tail(q=q, groups=groups, freedom=freedom)
    return tail <= SIGNIFICANCE
