"""Usage of codes, for the metrics that count them, in memory that grows with the codes in use."""

import torch
from jaxtyping import Int64, Real
from torch import Tensor

from samplebench import Latents, Sparse


def count_codes(latents: Latents) -> list[Int64[Tensor, " used"]]:
    """Count the occurrences of each code that occurs, over all sites of all latents, by codebook.

    Atoms of sparse latents are counted over all active slots, whatever their coefficients.
    """
    codes = latents.codes
    if isinstance(latents.space, Sparse):  # its slots share one set of atoms
        return [_count_distinct(codes)]
    return [_count_distinct(book) for book in codes.unbind(-1)]


def perplexity(amounts: Real[Tensor, " codes"]) -> float:
    """``exp(−Σ p log p)`` of the shares p of non-negative amounts; 1 where all amounts are 0."""
    amounts = amounts.double()
    shares = amounts / amounts.sum().clamp(min=torch.finfo(torch.float64).tiny)
    return float(torch.special.entr(shares).sum().exp())


def _count_distinct(codes: Int64[Tensor, "..."]) -> Int64[Tensor, " used"]:
    counts: Int64[Tensor, " used"] = torch.unique(codes, return_counts=True)[1]
    return counts
