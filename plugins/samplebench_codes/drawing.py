"""Drawing codes by weight."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor


def draw_uniform(*shape: int, device: torch.device) -> Float[Tensor, "..."]:
    """Draw uniformly from [0, 1), with a resolution of 2⁻⁵³."""
    return torch.rand(shape, device=device, dtype=torch.float64)


def choose_by_weight(
    cumulative: Float[Tensor, "*rows choices"], places: Float[Tensor, "*rows draws"]
) -> Int64[Tensor, "*rows draws"]:
    """In each row, choose by the weights with uniform draws.

    Args:
        cumulative: running sums of the weights of a row, which need not add up to 1.
        places: uniform draws from [0, 1), as shares of a row's sum.
    """
    heights = places * cumulative[..., -1:]
    # A weight of 0 is a step of no height, on which no draw falls.
    chosen = torch.searchsorted(cumulative.contiguous(), heights.contiguous(), right=True)
    return chosen.clamp_max_(cumulative.shape[-1] - 1)
