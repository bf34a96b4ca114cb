"""The entropy of a law over codes."""

import torch
from jaxtyping import Float
from torch import Tensor


def entropy(law: Tensor) -> Float[Tensor, ""]:
    """``−Σ p log p`` over all entries, in nats; entries that have vanished count nothing."""
    # The slope of p log p is infinite at zero, which would make a gradient NaN.
    return -(law * law.clamp(min=torch.finfo(law.dtype).tiny).log()).sum()
