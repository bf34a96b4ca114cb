"""A grid over the latent space: every dimension cut into cells of equal width."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float, Integer
from torch import Tensor

from samplebench_density.pieces import chunk_rows

MOST_BINS = 2**24
"""float32 counts no further."""


@dataclass(frozen=True, eq=False)
class Grid:
    """Cell ``b`` of dimension ``j`` is ``low_j + [b, b + 1) · width_j``, ``b`` in 0 … bins_j − 1.

    A dimension of width 0, where nothing varies, has only its cell 0. All have the type of the
    vectors, the numbers of bins too.
    """

    low: Float[Tensor, " D"]
    width: Float[Tensor, " D"]
    bins: Float[Tensor, " D"]

    @classmethod
    def between(
        cls, low: Float[Tensor, " D"], high: Float[Tensor, " D"], bins: Float[Tensor, " D"]
    ) -> "Grid":
        """``bins_j`` cells from ``low_j`` to ``high_j``."""
        return cls(low, (high - low) / bins, bins)

    def state(self) -> Mapping[str, Tensor]:
        """What ``restored`` needs, for ``Sampler.state``."""
        return {"grid_low": self.low, "grid_width": self.width, "grid_bins": self.bins}

    @classmethod
    def restored(cls, state: Mapping[str, Tensor]) -> "Grid":
        """The grid of which ``state`` was taken."""
        return cls(state["grid_low"], state["grid_width"], state["grid_bins"])

    def cells(self, vectors: Float[Tensor, "n D"]) -> Integer[Tensor, "n D"]:
        """The cell of each number, in a small integer type; beyond the range, the outermost."""
        steps = torch.where(self.width > 0, self.width, torch.inf)
        first, last = torch.zeros_like(self.bins), self.bins - 1
        found = torch.empty(vectors.shape, dtype=self._key_type, device=vectors.device)
        size = chunk_rows(vectors.shape[1], vectors.device)
        for chunk, cells in zip(torch.split(vectors, size), torch.split(found, size), strict=True):
            cells.copy_(chunk.sub(self.low).div_(steps).clamp_(first, last))
        return found

    @cached_property
    def _key_type(self) -> torch.dtype:
        most = int(self.bins.max())
        if most <= 2**8:
            return torch.uint8
        return torch.int16 if most <= 2**15 else torch.int32
