"""Bins of equal width in every dimension."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Bool, Float, Integer
from torch import Tensor

from samplebench_density.vectors.chunks import chunk_rows
from samplebench_density.vectors.statistics import PerDimension

MOST_BINS = 2**24
"""float32 counts no further."""

Cells = Integer[Tensor, "n D"]
"""One bin number for each dimension, in a small integer type: a cell of the latent space."""


@dataclass(frozen=True, eq=False)
class Bins:
    """Bin ``b`` of dimension ``j`` is ``low_j + [b, b + 1) · width_j``, ``b`` in 0 … counts_j − 1.

    A dimension of width 0, where nothing varies, has only its bin 0. All tensors have the type of
    the vectors, the counts too.
    """

    low: PerDimension
    width: PerDimension
    counts: PerDimension

    @classmethod
    def between(cls, *, low: PerDimension, high: PerDimension, counts: PerDimension) -> "Bins":
        """``counts_j`` bins from ``low_j`` to ``high_j``."""
        return cls(low, (high - low) / counts, counts)

    def state(self) -> Mapping[str, Tensor]:
        """The tensors that ``from_state`` takes, for ``Sampler.state``."""
        return {"grid_low": self.low, "grid_width": self.width, "grid_bins": self.counts}

    @classmethod
    def from_state(cls, state: Mapping[str, Tensor]) -> "Bins":
        """The bins that gave ``state``."""
        return cls(state["grid_low"], state["grid_width"], state["grid_bins"])

    def find_cells(self, vectors: Float[Tensor, "n D"]) -> Cells:
        """Find the bin of each number; beyond the range it is the outermost bin."""
        steps = torch.where(self.width > 0, self.width, torch.inf)
        first, last = torch.zeros_like(self.counts), self.counts - 1
        cells = torch.empty(vectors.shape, dtype=self._cell_type, device=vectors.device)
        size = chunk_rows(vectors.shape[1], vectors.device)
        for chunk, found in zip(torch.split(vectors, size), torch.split(cells, size), strict=True):
            found.copy_(chunk.sub(self.low).div_(steps).clamp_(first, last))
        return cells

    def contain(self, vectors: Float[Tensor, "n D"]) -> Bool[Tensor, " n"]:
        """Say which vectors lie in the range, the ends included, of which draws may be rounded.

        Where the width is 0, only ``low`` does.
        """
        high = self.low + self.width * self.counts
        rounding = 4 * torch.finfo(self.low.dtype).eps * torch.maximum(self.low.abs(), high.abs())
        beyond = torch.where(self.width > 0, rounding, 0)
        return ((vectors >= self.low - beyond) & (vectors <= high + beyond)).all(1)

    @property
    def log_volume(self) -> float:
        """The logarithm of the volume of a cell, in the dimensions in which it has a width."""
        return float(self.width[self.width > 0].double().log().sum())

    @cached_property
    def _cell_type(self) -> torch.dtype:
        most = int(self.counts.max())
        if most <= 2**8:
            return torch.uint8
        return torch.int16 if most <= 2**15 else torch.int32
