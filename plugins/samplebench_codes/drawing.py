"""Drawing codes by weight."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor


def uniforms(*shape: int, device: torch.device) -> Float[Tensor, "..."]:
    """Uniform draws from [0, 1) that resolve a probability of 2⁻⁵³."""
    return torch.rand(shape, device=device, dtype=torch.float64)


def drawn(
    steps: Float[Tensor, "*rows choices"], places: Float[Tensor, "*rows draws"]
) -> Int64[Tensor, "*rows draws"]:
    """In each row, the choices on whose steps the uniform ``places`` fall.

    Args:
        steps: running sums of the weights of a row, which need not add up to 1.
        places: in [0, 1), as shares of a row's sum.
    """
    heights = places * steps[..., -1:]
    # A weight of 0 is a step of no height, which no place falls on.
    found = torch.searchsorted(steps.contiguous(), heights.contiguous(), right=True)
    return found.clamp_max_(steps.shape[-1] - 1)
