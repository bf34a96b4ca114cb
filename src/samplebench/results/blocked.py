"""The blocked test of rows that share their seeds."""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtrc

from samplebench.results.statistics import exceeds_range

Key = TypeVar("Key", bound=Hashable)
Table = NDArray[np.float64]  # (rows, seeds)

_ADDITIVITY: Final = 0.01
"""The significance at which rows and seeds count as not additive."""

POOLED: Final = 0.4
"""The share of the mean variance of all rows in the variance of one.

Found by simulation: with more of it, the level is above 6 % where some rows are three times as
noisy as others; with less, power is lost (docs/statistics.md).
"""


@dataclass(frozen=True)
class Blocked(Generic[Key]):
    """A test of means over the same seeds, in which what all rows of a seed share cancels.

    The error of a row is estimated from what is left of its scores x after the effects of row i
    and seed s, ``r_is = x_is − x̄_i − x̄_s + x̄``, by ``u_i = Σ_s r_is² / (n − 1) · k / (k − 1)`` for
    k rows and n seeds. The mean of the u_i is the error of Tukey's blocked test, which is right
    where all rows are equally noisy; u_i alone is that of Games and Howell. A row's variance is
    ``v_i = 0.4 ū + 0.6 u_i``, and ``√2 |x̄_i − x̄_j| / √((v_i + v_j) / n)`` is compared with the
    studentized range of k means. Its degrees of freedom are those of Satterthwaite: v_i + v_j is
    a sum ``Σ_l a_l Σ_s r_ls²``, and over seeds the r_ls have the covariance ``C = P diag(v) P``
    with ``P = 1 − 1/k``. Two rows make the paired t-test.

    Reference: An Approximate Distribution of Estimates of Variance Components (Satterthwaite,
    1946), Biometrics Bulletin 2(6). The share is ours.
    """

    rows: Sequence[Key]
    means: Table
    variances: Table
    squares: Table
    """Of the covariances C, (rows, rows)."""
    seeds: int

    @staticmethod
    def of(rows: Sequence[Key], scores: Table) -> "Blocked[Key]":
        """The test of the scores (rows, seeds) of at least two rows and two seeds."""
        count, seeds = scores.shape
        centre = np.eye(count) - 1 / count
        own = np.square(_remove_effects(scores)).sum(1) / (seeds - 1) * count / (count - 1)
        variances = POOLED * own.mean() + (1 - POOLED) * own
        squares = np.square(centre * variances @ centre)
        return Blocked(rows, scores.mean(1), variances, squares, seeds)

    def mean_of(self, row: Key) -> float:
        """The mean that is tested."""
        return float(self.means[self.rows.index(row)])

    def differ(self, one: Key, other: Key) -> bool:
        """Test whether the means of two rows differ, at the significance of all pairs together."""
        i, j = self.rows.index(one), self.rows.index(other)
        gap = abs(float(self.means[i] - self.means[j]))
        both = float(self.variances[i] + self.variances[j])
        if both == 0:
            return gap > 0
        return exceeds_range(
            t=gap / math.sqrt(both / self.seeds),
            groups=len(self.rows),
            freedom=both**2 * (self.seeds - 1) / self._find_variance(i, j),
        )

    def _find_variance(self, i: int, j: int) -> float:
        """The variance of v_i + v_j, times (n − 1) / 2."""
        count = len(self.rows)
        weights = np.full(count, 2 * POOLED / (count - 1))
        weights[[i, j]] += (1 - POOLED) * count / (count - 1)
        return float(weights @ self.squares @ weights)


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
