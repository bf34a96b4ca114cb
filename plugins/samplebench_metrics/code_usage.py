"""Usage of codes, for the metrics that count them."""

import torch
from jaxtyping import Int64, Real
from torch import Tensor

from samplebench import Latents, Sparse


def count_codes(latents: Latents) -> list[Int64[Tensor, " codes"]]:
    """Count how often each code occurs over all sites of all latents, for each codebook.

    Atoms of sparse latents are counted over all active slots, whatever their coefficients.
    """
    space, codes = latents.space, latents.codes
    if isinstance(space, Sparse):  # its slots share one set of atoms
        return [torch.bincount(codes.flatten(), minlength=space.atoms)]
    return [
        torch.bincount(codes[..., book].flatten(), minlength=size)
        for book, size in enumerate(space.code_ranges)
    ]


def perplexity(amounts: Real[Tensor, " codes"]) -> float:
    """``exp(−Σ p log p)`` of the shares p of non-negative amounts; 1 where all amounts are 0."""
    amounts = amounts.double()
    shares = amounts / amounts.sum().clamp(min=torch.finfo(torch.float64).tiny)
    return float(torch.special.entr(shares).sum().exp())
