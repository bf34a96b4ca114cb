"""A Gaussian with independent dimensions for each component, estimated from labelled points.

With ``n_k`` points of component k, their mean ``μ_k`` and sum of squares ``S_k = Σ (z − μ_k)²``, a
dimension's variance within components is ``w = Σ_k S_k / Σ_k (n_k − 1)``, and that of one is

    v_k = (S_k + w) / n_k,

as if one more degree of freedom had shown w. It is unbiased where all components vary alike, and
w itself where a component was seen once; where all were, w is the variance of all points. A
dimension with w = 0 is part of the code: its values are the component's, exactly. For a component
never seen these values are unknown: it is then left out, and impossible. Where no dimension is
part of the code, such a component has the mean and variance of all points.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from samplebench.clusters import compute_moments

Points = Float[Tensor, "points D"]
Codes = Int64[Tensor, " points"]
Rows = Int64[Tensor, " points"]
Table = Float[Tensor, "K D"]

_CHUNK = 2**16
"""Points that are held in float64 at a time."""
_PAIRS = 2**20
"""Pairs of a point and a component that are computed together."""
_ROUNDING = 8
"""Units in the last place by which equal values may differ."""


@dataclass(frozen=True, eq=False)
class ComponentGaussians:
    """``p(z | k) = N(z; μ_k, diag v_k)``, a row for each component that is possible. Tables are
    float64.

    ``labels`` are the components of the rows, ascending. ``rounding`` is the distance from ``μ_k``
    up to which a value with ``v_k = 0`` counts as ``μ_k``.
    """

    labels: Int64[Tensor, " K"]
    means: Table
    std: Table
    rounding: Float[Tensor, " D"]

    @classmethod
    def of(
        cls, points: Points, codes: Codes, *, components: int, least_variance: float = 0.0
    ) -> "ComponentGaussians":
        """Estimate the Gaussians; no variance is below ``least_variance``."""
        counts = codes.bincount(minlength=components).double()[:, None]  # (K, 1)
        anchors = points[_first_of_each(codes, components)].double()
        sums, squares = _sum_about(anchors, points, codes)
        known = counts.clamp(min=1)
        within = (squares - sums.square() / known).clamp(min=0)  # S
        mean, variance = compute_moments(points)
        freedom = (counts - 1).clamp(min=0).sum()
        pooled = torch.where(freedom > 0, within.sum(0) / freedom.clamp(min=1), variance)  # w
        rounding = _ROUNDING * torch.finfo(points.dtype).eps * points.abs().amax(0).double()
        pooled = torch.where(pooled.sqrt() > rounding, pooled, 0.0)
        variances = torch.where(pooled > 0, (within + pooled) / known, 0.0)
        means = torch.where(counts > 0, anchors + sums / known, mean)
        std = torch.where(counts > 0, variances, variance).clamp(min=least_variance).sqrt()
        possible = (counts[:, 0] > 0) | (pooled > 0).all()
        return cls(possible.nonzero()[:, 0], means[possible], std[possible], rounding)

    @classmethod
    def from_state(cls, state: Mapping[str, Tensor]) -> "ComponentGaussians":
        """The Gaussians that gave ``state``."""
        return cls(state["labels"], state["means"], state["deviations"], state["rounding"])

    def state(self) -> Mapping[str, Tensor]:
        return {
            "labels": self.labels,
            "means": self.means,
            "deviations": self.std,
            "rounding": self.rounding,
        }

    def find_rows(
        self, codes: Int64[Tensor, "..."]
    ) -> tuple[Int64[Tensor, "..."], Bool[Tensor, "..."]]:
        """Find the row of each component, and mark those that have one; others get any row."""
        rows = torch.searchsorted(self.labels, codes.contiguous()).clamp(max=len(self.labels) - 1)
        return rows, self.labels[rows] == codes

    def sample(self, rows: Rows, dtype: torch.dtype) -> Points:
        """Draw one point for each row."""
        means, std = self.means.to(dtype)[rows], self.std.to(dtype)[rows]
        return torch.addcmul(means, std, torch.randn_like(means))

    def log_prob(self, points: Points, rows: Rows) -> Float[Tensor, " points"]:
        """Compute ``log p(z | k)`` of each point and its component's row, float64, in nats.

        Dimensions that are part of the code add nothing, or −∞ where the value is another.
        """
        return torch.cat(
            [
                self._logs(point.double() - self.means[row], self.std[row])
                for point, row in zip(
                    torch.split(points, _CHUNK), torch.split(rows, _CHUNK), strict=True
                )
            ]
        )

    def log_mixture(
        self, points: Points, log_weights: Float[Tensor, " K"]
    ) -> Float[Tensor, " points"]:
        """Compute ``log Σ_k p_k p(z | k)`` of each point, float64; every std must be positive.

        ``Σ_j (z_j − μ_kj)²/v_kj`` is multiplied out about the mean of the means. So it takes two
        matrix products and no tensor of points times components times D.
        """
        centre = self.means.mean(0)
        means, precisions = self.means - centre, self.std.square().reciprocal()
        constants = log_weights - self.std.log().sum(1)
        constants -= 0.5 * ((means.square() * precisions).sum(1) + len(centre) * _LOG_2PI)
        logs = []
        for chunk in torch.split(points, max(1, _PAIRS // len(means))):
            moved = chunk.double() - centre
            linear = torch.addmm(constants, moved, (means * precisions).mT)
            logs.append(linear.addmm_(moved.square(), precisions.mT, alpha=-0.5).logsumexp(1))
        return torch.cat(logs)

    def _logs(self, gaps: Points, std: Points) -> Float[Tensor, " points"]:
        varies = std > 0
        scaled = gaps / torch.where(varies, std, 1.0)
        free = -0.5 * (scaled.square() + _LOG_2PI) - torch.where(varies, std, 1.0).log()
        fixed = torch.where(gaps.abs() <= self.rounding, 0.0, -torch.inf)
        return torch.where(varies, free, fixed).sum(1)


_LOG_2PI = math.log(2 * math.pi)


def _first_of_each(codes: Codes, components: int) -> Int64[Tensor, " K"]:
    """Find the row of the first point of each component; without a point it is the last row."""
    rows = torch.arange(len(codes), device=codes.device)
    first = rows.new_full((components,), len(codes) - 1)
    return first.scatter_reduce_(0, codes, rows, "amin")


def _sum_about(anchors: Table, points: Points, codes: Codes) -> tuple[Table, Table]:
    """Sum ``z − anchor`` and its square for each component.

    The anchor is one of the component's points: equal values give zeros, not rounding errors.
    """
    sums, squares = torch.zeros_like(anchors), torch.zeros_like(anchors)
    for point, code in zip(torch.split(points, _CHUNK), torch.split(codes, _CHUNK), strict=True):
        gaps = point.double() - anchors[code]
        sums.index_add_(0, code, gaps)
        squares.index_add_(0, code, gaps.square())
    return sums, squares
