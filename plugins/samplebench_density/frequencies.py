"""Drawing by frequency."""

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Int64
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Frequencies:
    """How often each of several things was seen."""

    counts: Int64[Tensor, " things"]

    def drawn(self, count: int) -> Int64[Tensor, " count"]:
        """``count`` indices, each with probability in exact proportion to its count."""
        device = self.counts.device
        if self._all_one:
            return torch.randint(len(self.counts), (count,), device=device)
        heights = torch.randint(self._total, (count,), device=device)
        return torch.searchsorted(self._steps, heights, right=True)

    @cached_property
    def _all_one(self) -> bool:
        return bool((self.counts == 1).all())

    @cached_property
    def _total(self) -> int:
        return int(self._steps[-1])

    @cached_property
    def _steps(self) -> Int64[Tensor, " things"]:
        return self.counts.cumsum(0)
