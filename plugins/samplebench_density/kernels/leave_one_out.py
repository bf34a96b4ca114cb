"""The bandwidth that maximises the likelihood of latents under the kernels of the others."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from samplebench_density.kernels.kernel_density import KernelDensity
from samplebench_density.kernels.log_sums import NOTHING, tile_queries

NEAR = 1e-10
"""Mean squared difference of a dimension within which a latent counts as a copy of another, of
latents with variance 1."""
LEAST = 1e-3
"""No bandwidth below this is chosen: such kernels only reproduce latents."""
EXACT = 1e-4
"""The allowed relative error of the bandwidth's square."""
PASSES = 50
"""The greatest number of passes over the latents."""
FAR = 1e30
"""The squared distance assigned to copies, so that they count for nothing."""

Queries = Float[Tensor, "queries D"]


@dataclass(frozen=True)
class Bandwidth:
    """A bandwidth, and the mean log density of the queries under it, each left out, in nats."""

    size: float
    log_likelihood: float


def find_bandwidth(unit: KernelDensity, queries: Queries, start: float) -> Bandwidth:
    """Find the h that maximises ``Σ_q log Σ_i N(q; x_i, h² I) / n_q``, over the n_q latents x_i
    that are no copies of q.

    With responsibilities r_qi ∝ exp(−|q − x_i|² / 2h²), Σ_i r_qi = 1, an EM step is

        h² ← g(h²) = Σ_q Σ_i r_qi |q − x_i|² / (m D)   for m queries,

    and the likelihood rises from h² towards g(h²). Newton's method finds where log g, as a
    function of log h², is log h²; its slope there is Σ_q Var_r(|q − x_i|²) / (2 h² m D g). A step
    that leaves the interval to which earlier ones point is replaced by the interval's middle.

    Args:
        unit: the latents with their standard deviations as bandwidths; distances are scaled by
            these.
        queries: some of the latents, scaled.
        start: the bandwidth to begin with; it decides which of several maxima is found.
    """
    nearest = _find_nearest(unit, queries)
    low, high, log_square = -math.inf, math.inf, 2 * math.log(start)
    for _ in range(PASSES):
        moments = _compute_moments(unit, queries, nearest, math.exp(log_square))
        found = Bandwidth(math.exp(log_square / 2), moments.log_likelihood)
        target = math.log(moments.mean / queries.shape[1])
        low, high = (log_square, high) if target > log_square else (low, log_square)
        slope = moments.variance / (2 * found.size**2 * moments.mean)
        step = (target - log_square) / (1 - slope) if slope < 1 else target - log_square
        following = log_square + step
        if not low < following < high:
            following = (low + high) / 2 if math.isfinite(low + high) else target
        following = max(following, 2 * math.log(LEAST))
        if abs(following - log_square) < EXACT:
            break
        log_square = following
    return found


@dataclass(frozen=True, eq=False)
class _Nearest:
    """For each query the squared distance to the nearest point that is no copy, and the number of
    such points.
    """

    squares: Float[Tensor, " queries"]
    others: Float[Tensor, " queries"]


def _find_nearest(unit: KernelDensity, queries: Queries) -> _Nearest:
    squares = torch.full_like(queries[:, 0], FAR)
    others = torch.zeros_like(squares)
    for rows, distances in _pairwise(unit, queries):
        squares[rows] = torch.minimum(squares[rows], distances.amin(1))
        others[rows] += (distances < FAR).sum(1)
    return _Nearest(squares, others)


@dataclass(frozen=True)
class _Moments:
    """Mean and variance of |q − x_i|² by responsibility, averaged over the queries, and the mean
    log density of the queries.
    """

    mean: float
    variance: float
    log_likelihood: float


def _compute_moments(
    unit: KernelDensity, queries: Queries, nearest: _Nearest, square: float
) -> _Moments:
    """Compute the moments under the bandwidth of this square.

    Exponents are relative to that of the nearest point, ``e = (|q − x_i|² − nearest) / 2h²``, and
    then small for the points that matter, so that sums of ``exp(−e)``, times e and e², may be
    float32.
    """
    sums = queries.new_zeros(3, len(queries))
    for rows, distances in _pairwise(unit, queries):
        exponents = distances.sub_(nearest.squares[rows, None]).div_(2 * square)
        exponents = exponents.float().clamp_max_(-NOTHING)
        weights = exponents.neg().exp_()
        for power in range(3):
            sums[power, rows] += weights.sum(1)
            weights.mul_(exponents)
    mean = sums[1] / sums[0]
    variance = (sums[2] / sums[0] - mean.square()).clamp_min(0)
    logs = sums[0].log() - nearest.squares / (2 * square) - nearest.others.log()
    constant = 0.5 * queries.shape[1] * math.log(2 * math.pi * square)
    return _Moments(
        float((nearest.squares + 2 * square * mean).mean()),
        float((4 * square**2 * variance).mean()),
        float(logs.mean()) - constant,
    )


def _pairwise(unit: KernelDensity, queries: Queries) -> Iterator[tuple[slice, Tensor]]:
    """Yield slices of the queries and their squared distances to some latents, (queries, latents).

    The distance is ``FAR`` to copies, of which the query itself is one.
    """
    squares = queries.square().sum(1, keepdim=True)
    columns = torch.cat([queries, torch.ones_like(squares)], 1)
    for terms in unit.terms():
        for rows in tile_queries(len(queries), queries.device):
            distances = torch.addmm(squares[rows], columns[rows], terms.mT, alpha=-2)
            yield rows, distances.masked_fill_(distances <= NEAR * queries.shape[1], FAR)
