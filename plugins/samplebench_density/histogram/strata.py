"""Draws from strata that are all drawn alike."""

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float64, Int64
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Strata:
    """Rows that are drawn in two steps: a stratum, each alike, and a row of it, each alike.

    Attributes:
        owners: the stratum of each row.
        counts: the number of rows in each stratum.
    """

    owners: Int64[Tensor, " n"]
    counts: Int64[Tensor, " strata"]

    def draw(self, count: int) -> Int64[Tensor, " count"]:
        """Draw ``count`` rows."""
        device = self.counts.device
        strata = torch.randint(len(self.counts), (count,), device=device)
        # The remainder of a number below 2⁶² by a count of rows is as good as uniform.
        places = torch.randint(2**62, (count,), device=device) % self.counts[strata]
        return self._order[self._starts[strata] + places]

    @property
    def shares(self) -> Float64[Tensor, " n"]:
        """The probability with which each row is drawn."""
        return 1 / (self.counts.double() * len(self.counts))[self.owners]

    @cached_property
    def _order(self) -> Int64[Tensor, " n"]:
        """The rows, stratum by stratum."""
        return self.owners.argsort(stable=True)

    @cached_property
    def _starts(self) -> Int64[Tensor, " strata"]:
        """The place in that order where each stratum begins."""
        return self.counts.cumsum(0) - self.counts
