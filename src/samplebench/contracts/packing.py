"""Arrays and tensors as they are packed into latents."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Given = Tensor | NDArray[Any]
"""What latents are packed from."""


def as_tensor(part: Given | None, grid: Sequence[int] | None) -> Tensor | None:
    """Convert an array to a tensor, and bring channels from before the sites to after them.

    Integers become int64. Floats keep their type.

    Args:
        grid: the grid of sites, if channels come first; ``None`` if they come last.

    Raises:
        ValueError: channels come first, and the axes after them are not the grid.
    """
    if part is None:
        return None
    tensor = torch.from_numpy(np.ascontiguousarray(part)) if isinstance(part, np.ndarray) else part
    if not tensor.is_floating_point():
        tensor = tensor.long()
    if grid is None or not grid:
        return tensor
    if tuple(tensor.shape[2:]) != tuple(grid):
        raise ValueError(
            f"with channels_first, a batch is {('samples', 'channels', *grid)}, "
            f"not {tuple(tensor.shape)}"
        )
    return tensor.movedim(1, -1)
