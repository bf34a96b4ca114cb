"""A grid over the latent space: every dimension cut into cells of equal width."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Integer
from torch import Tensor

CHUNK = 2**14
"""Rows put into cells at a time."""


@dataclass(frozen=True, eq=False)
class Grid:
    """Cell ``b`` of dimension ``j`` is ``low_j + [b, b + 1) · width_j``, ``b`` in 0 … bins − 1.

    A dimension of width 0, where nothing varies, has only its cell 0.
    """

    low: Float[Tensor, " D"]
    width: Float[Tensor, " D"]
    bins: int

    @classmethod
    def between(cls, low: Float[Tensor, " D"], high: Float[Tensor, " D"], bins: int) -> "Grid":
        """``bins`` cells from ``low`` to ``high`` in each dimension."""
        return cls(low, (high - low) / bins, bins)

    def cells(self, vectors: Float[Tensor, "n D"]) -> Integer[Tensor, "n D"]:
        """The cell of each number, in a small integer type; beyond the range, the outermost."""
        steps = torch.where(self.width > 0, self.width, torch.inf)
        return torch.cat(
            [
                chunk.sub(self.low).div_(steps).clamp_(0, self.bins - 1).to(self._key_type)
                for chunk in torch.split(vectors, CHUNK)
            ]
        )

    @property
    def _key_type(self) -> torch.dtype:
        if self.bins <= 2**8:
            return torch.uint8
        return torch.int16 if self.bins <= 2**15 else torch.int32
