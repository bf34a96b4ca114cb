"""The entropy of a distribution over codes."""

import torch
from jaxtyping import Float
from torch import Tensor


def entropy(probabilities: Tensor) -> Float[Tensor, ""]:
    """Compute ``−Σ p log p`` over all entries, in nats; entries of 0 contribute 0."""
    # The slope of p log p is infinite at zero, which would make a gradient NaN.
    least = torch.finfo(probabilities.dtype).tiny
    return -(probabilities * probabilities.clamp(min=least).log()).sum()
