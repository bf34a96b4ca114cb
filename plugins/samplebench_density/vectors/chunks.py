"""Chunks of vectors."""

import torch
from jaxtyping import Float
from torch import Tensor

Vectors = Float[Tensor, "n D"]
Chunk = Float[Tensor, "_ D"]
"""Some of the vectors; the last chunk may be smaller."""


def chunk_rows(width: int, device: torch.device) -> int:
    """Return how many rows of this width to work on at a time.

    They hold about 2¹⁸ numbers, which stay in a CPU's cache, or on an accelerator 2²⁵, because
    every call there has a fixed cost.
    """
    return max(1, (2**18 if device.type == "cpu" else 2**25) // width)
