"""Weighted random choice."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor


def choose_by_weight(weights: Float[Tensor, " choices"], count: int) -> Int64[Tensor, " count"]:
    """Draw ``count`` indices, each with probability proportional to its weight.

    The cumulative sum of the weights is inverted, because ``torch.multinomial`` takes at most 2²⁴
    weights.
    """
    sums = weights.cumsum(0, dtype=torch.float64)
    heights = torch.rand(count, device=weights.device, dtype=torch.float64) * sums[-1]
    # A weight of 0 adds nothing to the sum, so no uniform height selects it.
    return torch.searchsorted(sums, heights, right=True).clamp_max_(len(weights) - 1)
