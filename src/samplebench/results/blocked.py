"""The blocked test of rows that share their seeds."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtrc, polygamma

from samplebench.results.statistics import exceeds_range

Key = TypeVar("Key", bound=Hashable)
Table = NDArray[np.float64]  # (rows, seeds)

_ADDITIVITY: Final = 0.01
"""The significance at which rows and seeds count as not additive."""

_CERTAIN: Final = 0.35
"""The share of the sampling variance of log variances that is taken off their variance.

With all of it, spreads of 1 to 3 would too often look equal over three seeds. Found by simulation:
the largest share at which the level stays at 6 % for ten rows of which half are three times as
noisy; for a single noisy row it is higher (docs/statistics.md).
"""


@dataclass(frozen=True)
class Blocked(Generic[Key]):
    """A test of means over the same seeds, in which what all rows of a seed share cancels.

    The error of a row is estimated from what is left of its scores x after the effects of row i
    and seed s, ``r_is = x_is − x̄_i − x̄_s + x̄``, by ``v_i = Σ_s r_is² / d`` with
    ``d = (n − 1)(k − 1) / k`` for k rows and n seeds. The v_i are drawn towards their mean v̄,
    the error of Tukey's blocked test, the more the less they differ:
    ``s_i² = (d₀ v̄ + d v_i) / (d₀ + d)``. Where they differ no more than by chance, d₀ is infinite
    and this is Tukey's test with (k − 1)(n − 1) degrees of freedom; where they differ much, it is
    that of Games and Howell. Two rows make the paired t-test.

    Reference: Linear Models and Empirical Bayes Methods for Assessing Differential Expression in
    Microarray Experiments (Smyth, 2004), doi:10.2202/1544-6115.1027, for d₀.
    """

    rows: Sequence[Key]
    means: Table
    variances: Table
    freedom: float
    """Of the variance of one row."""
    seeds: int

    @staticmethod
    def of(rows: Sequence[Key], scores: Table) -> "Blocked[Key]":
        """The test of the scores (rows, seeds) of at least two rows and two seeds."""
        count, seeds = scores.shape
        left = _remove_effects(scores)
        freedom = (seeds - 1) * (count - 1) / count  # of one row's variance
        variances = np.square(left).sum(1) / freedom
        pooled = variances.mean()
        prior = _find_prior(variances, freedom)
        if np.isinf(prior):
            moderated = np.full(count, pooled)
        else:
            moderated = (prior * pooled + freedom * variances) / (prior + freedom)
        most = (count - 1) * (seeds - 1)
        return Blocked(rows, scores.mean(1), moderated, float(min(prior + freedom, most)), seeds)

    def differ(self, one: Key, other: Key) -> bool:
        """Test whether the means of two rows differ, at the significance of all pairs together."""
        i, j = self.rows.index(one), self.rows.index(other)
        gap = abs(float(self.means[i] - self.means[j]))
        both = self.variances[i] + self.variances[j]
        if both == 0:
            return gap > 0
        shares = sum((self.variances[at] / both) ** 2 for at in (i, j)) / self.freedom
        most = float((len(self.rows) - 1) * (self.seeds - 1))
        return exceeds_range(
            t=gap / float(np.sqrt(both / self.seeds)),
            groups=len(self.rows),
            freedom=min(float(1 / shares), most),
        )


def are_additive(scores: Table) -> bool:
    """Test whether seeds shift all rows (rows, seeds) alike: Tukey's one degree of freedom.

    Reference: One Degree of Freedom for Non-Additivity (Tukey, 1949), Biometrics 5(3).
    """
    rows = scores.mean(1) - scores.mean()
    seeds = scores.mean(0) - scores.mean()
    size = float(np.square(rows).sum() * np.square(seeds).sum())
    left = float(np.square(_remove_effects(scores)).sum())
    freedom = (len(rows) - 1) * (len(seeds) - 1) - 1
    if freedom < 1 or size == 0 or left == 0:
        return True
    product = float(rows @ scores @ seeds) ** 2 / size
    rest = max(left - product, 0.0)
    if rest == 0:
        return False
    return float(fdtrc(1, freedom, product / (rest / freedom))) > _ADDITIVITY


def _remove_effects(scores: Table) -> Table:
    left: Table = (
        scores - scores.mean(1, keepdims=True) - scores.mean(0, keepdims=True) + scores.mean()
    )
    return left


def _find_prior(variances: Table, freedom: float) -> float:
    """The degrees of freedom d₀ with which the mean variance counts beside each row's own.

    The variance of ``log v_i`` is that of sampling, ``ψ'(d / 2)``, plus that of the true spreads,
    ``ψ'(d₀ / 2)``.
    """
    if not variances.any():
        return np.inf
    smallest = 1e-12 * variances.max()  # a row may have none by chance
    spread = np.log(np.maximum(variances, smallest)).var(ddof=1)
    excess = float(spread - _CERTAIN * polygamma(1, freedom / 2))
    return np.inf if excess <= 1e-9 else 2 * _invert_trigamma(excess)


def _invert_trigamma(value: float) -> float:
    """The x at which ψ'(x) is ``value``, by Newton's method on 1 / ψ', which is nearly linear."""
    x = 0.5 + 1 / value
    for _ in range(50):
        now = float(polygamma(1, x))
        step = now * (1 - now / value) / float(polygamma(2, x))
        x += step
        if abs(step) < 1e-12 * x:
            break
    return x
