"""Drawing by weight."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor


def chosen(weights: Float[Tensor, " choices"], count: int) -> Int64[Tensor, " count"]:
    """``count`` indices, each with probability in proportion to its weight.

    By the running sum of the weights, since ``torch.multinomial`` takes no more than 2²⁴ of them.
    """
    steps = weights.cumsum(0, dtype=torch.float64)
    heights = torch.rand(count, device=weights.device, dtype=torch.float64) * steps[-1]
    # A weight of 0 is a step of no height, which no uniform height falls on.
    return torch.searchsorted(steps, heights, right=True).clamp_max_(len(weights) - 1)
