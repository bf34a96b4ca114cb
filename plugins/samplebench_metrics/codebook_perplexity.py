"""Codebook perplexity: how many of its codes an autoencoder uses."""

from statistics import fmean

import torch
from jaxtyping import Int64
from torch import Tensor

from samplebench import Evidence, Latents, LatentSpace, Metric, Sparse


class CodebookPerplexity(Metric):
    """The effective number of codes in use, ``exp(−Σ p log p)``.

    p is the share of each code over all sites of all held-out latents together: an average over
    batches would be bounded by a batch's sites. Several codebooks give the arithmetic mean of
    their perplexities. Atoms of sparse latents are counted over all active slots, whatever their
    coefficients.

    Reference: Neural Discrete Representation Learning (van den Oord et al., 2017),
    arXiv:1711.00937.
    """

    title = "perplexity"
    better = "higher"
    subject = "autoencoder"

    def objection(self, space: LatentSpace) -> str | None:
        return "needs latents with codes" if space.code_width == 0 else None

    def measure(self, evidence: Evidence) -> float:
        return fmean(map(_perplexity, _counts(evidence.test_latents)))


def _counts(latents: Latents) -> list[Int64[Tensor, " codes"]]:
    """How often each code occurs, for each codebook."""
    space, codes = latents.space, latents.codes
    if isinstance(space, Sparse):  # its slots share one set of atoms
        return [torch.bincount(codes.flatten(), minlength=space.atoms)]
    return [
        torch.bincount(codes[..., book].flatten(), minlength=size)
        for book, size in enumerate(space.code_ranges)
    ]


def _perplexity(counts: Int64[Tensor, " codes"]) -> float:
    shares = counts.double() / counts.sum()
    return float(torch.special.entr(shares).sum().exp())
