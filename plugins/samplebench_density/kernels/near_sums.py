"""Sums over kernels so narrow that the rounding of a matrix product would matter.

For scaled points q and latents z, ``|q − z|²`` from a product is wrong by about
``D u (|q|² + |z|²)`` with the unit roundoff u. The product still shows the few latents that can be
near enough to matter; their exponents are taken from differences.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from samplebench_density.kernels.log_sums import NOTHING, split_terms, tile_queries

EXACT = 1e-5
"""The error of an exponent, in nats, above which differences take the place of products."""
_SLACK = 8
"""Roundings of a distance besides the D of its product."""

Queries = Float[Tensor, "queries D"]
Latents = Float[Tensor, "latents D"]
PerQuery = Float[Tensor, " queries"]
PerDimension = Float[Tensor, " D"]


def bound_rounding(squares: PerQuery, width: int) -> PerQuery:
    """Bound the error of ``|q − z|² / 2`` from a product, for the latents near queries of squared
    lengths ``squares``.
    """
    return 2 * (width + _SLACK) * torch.finfo(squares.dtype).eps * squares


def log_near_sums(
    points: Queries, latents: Latents, *, centre: PerDimension, bandwidths: PerDimension
) -> PerQuery:
    """Compute ``log Σ_i exp(−Σ_j (x_j − z_ij)² / 2 h_j²)`` of each point x, float64.

    ``centre`` is any point among the latents: products are taken about it.
    """
    queries = (points.double() - centre) / bandwidths
    top = torch.full_like(queries[:, 0], -torch.inf)
    total = torch.zeros_like(top)
    for piece in split_terms(latents):
        scaled = (piece.double() - centre) / bandwidths
        for rows in tile_queries(len(points), points.device):
            near = _find_near(queries[rows], scaled, top[rows])
            row, column = near.nonzero(as_tuple=True)
            gaps = (points[rows][row].double() - piece[column].double()) / bandwidths
            exponents = -0.5 * gaps.square_().sum(1)
            peak = top[rows].scatter_reduce(0, row, exponents, "amax")
            sums = total[rows] * (top[rows] - peak).exp()
            total[rows] = sums.index_add_(0, row, (exponents - peak[row]).exp_())
            top[rows] = peak
    return top + total.log()


def _find_near(
    queries: Queries, scaled: Latents, top: PerQuery
) -> Bool[Tensor, "queries latents"]:
    """Mark the latents that can add to a sum whose greatest exponent so far is ``top``."""
    squares = queries.square().sum(1)
    exponents = queries @ scaled.mT
    exponents -= 0.5 * (squares[:, None] + scaled.square().sum(1))
    best = exponents.amax(1)
    # A latent at distance d has |z|² ≤ 2 |q|² + 2 d², so that its error grows with its exponent.
    error = bound_rounding(squares + best.abs() - NOTHING, queries.shape[1])
    least = torch.maximum(top, best - error) + NOTHING - error
    return exponents >= least[:, None]
