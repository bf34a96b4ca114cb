"""Draws in proportion to counts."""

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Int64
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Frequencies:
    """The count of each of several items, as weights to draw by."""

    counts: Int64[Tensor, " items"]

    def draw(self, count: int) -> Int64[Tensor, " count"]:
        """Draw ``count`` indices, each with probability in exact proportion to its count."""
        device = self.counts.device
        if self._all_one:
            return torch.randint(len(self.counts), (count,), device=device)
        heights = torch.randint(self._total, (count,), device=device)
        return torch.searchsorted(self._cumulative, heights, right=True)

    @cached_property
    def _all_one(self) -> bool:
        return bool((self.counts == 1).all())

    @cached_property
    def _total(self) -> int:
        return int(self._cumulative[-1])

    @cached_property
    def _cumulative(self) -> Int64[Tensor, " items"]:
        return self.counts.cumsum(0)
