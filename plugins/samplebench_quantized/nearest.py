"""The nearest codeword of every point, and the statistics of the points that have a code."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from samplebench.clusters import find_nearest

__all__ = ["Codebook", "Codes", "Points", "count_and_sum", "find_nearest"]

Points = Float[Tensor, "points channels"]
Codebook = Float[Tensor, "codes channels"]
Codes = Int64[Tensor, " points"]


@torch.no_grad()
def count_and_sum(
    points: Points, codes: Codes, count: int
) -> tuple[Float[Tensor, " codes"], Codebook]:
    """For each of ``count`` codes, count and sum the points that have it."""
    ones = points.new_ones(1).expand(len(points))
    counts = points.new_zeros(count).index_add_(0, codes, ones)
    sums = points.new_zeros(count, points.shape[1]).index_add_(0, codes, points)
    return counts, sums
