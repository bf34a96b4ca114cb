"""Sums of exponentials of products, ``log Σ_i exp(q · p_i)``, for densities that are mixtures
over all training latents.
"""

from collections.abc import Iterable, Iterator

import torch
from jaxtyping import Float
from torch import Tensor

Queries = Float[Tensor, "queries K"]
Terms = Float[Tensor, "_ K"]
"""Pieces may differ in length."""

TERMS = 1024
"""Terms that a CPU takes at a time: with the queries of a tile, they stay in cache."""

NOTHING = -80.0
"""An exponent whose exponential vanishes next to 1, and still is a normal float32: smaller
exponents are slow."""


def log_sums(queries: Queries, terms: Iterable[Terms]) -> Float[Tensor, " queries"]:
    """Compute ``log Σ_i exp(q · p_i)`` for each query, float64, of terms that come in pieces.

    Products are float64, because they are differences of large numbers. Once the greatest so far
    is subtracted, float32 suffices for their exponentials: at most 10⁻⁵ of a sum is lost.
    """
    top = queries.new_full((len(queries),), -torch.inf)
    total = torch.zeros_like(top)
    for piece in terms:
        for rows in tile_queries(len(queries), queries.device):
            products = queries[rows] @ piece.mT
            peak = torch.maximum(top[rows], products.amax(1))
            exponents = products.sub_(peak[:, None]).float().clamp_min_(NOTHING)
            sums = exponents.exp_().sum(1)
            total[rows] = total[rows] * (top[rows] - peak).exp_() + sums
            top[rows] = peak
    return top + total.log()


def split_terms(rows: Tensor) -> tuple[Tensor, ...]:
    """Split rows of terms: into small pieces on a CPU, into few on an accelerator."""
    return torch.split(rows, TERMS if rows.device.type == "cpu" else 16 * TERMS)


def tile_queries(queries: int, device: torch.device) -> Iterator[slice]:
    """Yield the queries that are multiplied by a piece of terms at a time."""
    step = 256 if device.type == "cpu" else 4096
    return (slice(start, start + step) for start in range(0, queries, step))
