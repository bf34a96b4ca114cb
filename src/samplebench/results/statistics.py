"""Statistics over seeds: means, intervals, and tests that hold for a handful of runs."""

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from statistics import fmean, stdev
from typing import Final, TypeVar

from scipy.special import stdtr, stdtrit

from samplebench.vocabulary import Direction

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
        return Summary(fmean(values), stdev(values) if len(values) > 1 else None, len(values))

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
        reach = float(stdtrit(self.n - 1, (1 + level) / 2)) * self.error
        return self.mean - reach, self.mean + reach


def not_significantly_worse(groups: Mapping[Key, Sequence[float]], better: Direction) -> set[Key]:
    """The group with the best mean, and those after it down to the first that is significantly
    different from it: a group that is merely too noisy does not pass a better one.

    A group of one value has no std to test with: it is never among them. The set is empty where
    the best group is of that kind or has no other to be tested against.
    """
    sign = 1 if better == "lower" else -1
    summaries = {key: Summary.of(values) for key, values in groups.items() if values}
    tested = {key: summary for key, summary in summaries.items() if summary.n > 1}
    best = min(summaries.values(), key=lambda s: (sign * s.mean, s.error, s.n), default=None)
    if best is None or best.n < 2 or len(tested) < 2:
        return set()
    ordered = sorted(tested, key=lambda key: sign * tested[key].mean)
    return set(
        takewhile(
            lambda key: not significantly_different(tested[key], best, groups=len(tested)), ordered
        )
    )


def significantly_different(one: Summary, other: Summary, *, groups: int) -> bool:
    """Test whether the means of two of ``groups`` groups differ at ``SIGNIFICANCE``.

    Games–Howell: q = √2 |m1 − m2| / √(s1²/n1 + s2²/n2) is compared with the studentized range of
    ``groups`` means with Welch's degrees of freedom. No equal variances or sizes are assumed, and
    the level holds for all pairs together. Groups whose std is 0 differ when their means do.

    Reference: Pairwise Multiple Comparison Procedures with Unequal N's and/or Variances (Games
    and Howell, 1976), Journal of Educational Statistics 1(2).
    """
    error = math.hypot(one.error, other.error)
    if error == 0:
        return one.mean != other.mean
    t = abs(one.mean - other.mean) / error
    shares = ((one.error / error) ** 4 / (one.n - 1), (other.error / error) ** 4 / (other.n - 1))
    freedom = 1 / sum(shares)
    # A range is wide when some pair is far apart, so its tail lies between that of one pair and
    # the sum over all pairs. Mostly the two agree, and the integral below is not needed.
    one_pair = 2 * float(stdtr(freedom, -t))
    if one_pair > SIGNIFICANCE:
        return False
    if one_pair * math.comb(groups, 2) <= SIGNIFICANCE:
        return True
    from scipy.stats import studentized_range  # half a second to import

    return float(studentized_range.sf(math.sqrt(2) * t, groups, freedom)) <= SIGNIFICANCE
