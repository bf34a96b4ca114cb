"""Smoothed probability mass functions, one for each site and depth."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from samplebench import LatentSpace
from samplebench_codes.codes import Codes
from samplebench_codes.drawing import choose_by_weight, draw_uniform

Counts = Int64[Tensor, "sites _"]
"""The number of latents with each code at each site; each depth has a codebook of its own size."""


@dataclass(frozen=True)
class SitePMFs:
    """``p(c) = (N(c) + s / K) / (n + s)`` at each site and depth, from codes of n latents.

    N(c) counts the latents with code c there, K is the size of the depth's codebook, and s =
    ``smoothing`` is the number of observations that the uniform distribution counts for.
    """

    counts: tuple[Counts, ...]  # one table a depth
    smoothing: float

    @classmethod
    def of(cls, codes: Codes, space: LatentSpace, smoothing: float) -> "SitePMFs":
        """Estimate the PMFs of these codes."""
        tables = zip(codes.unbind(2), space.code_ranges, strict=True)
        return cls(tuple(_count_codes(column, choices) for column, choices in tables), smoothing)

    def state(self) -> Mapping[str, Tensor]:
        """The tensors that ``from_state`` takes."""
        return {f"counts.{depth}": table for depth, table in enumerate(self.counts)}

    @classmethod
    def from_state(
        cls, space: LatentSpace, state: Mapping[str, Tensor], smoothing: float
    ) -> "SitePMFs":
        """The PMFs that gave ``state``."""
        depths = range(space.code_width)
        return cls(tuple(state[f"counts.{depth}"] for depth in depths), smoothing)

    def probabilities(self, codes: Codes) -> Float[Tensor, "samples sites depths"]:
        """Look up the probability of each code at its place."""
        columns = [
            table.gather(1, column.T).T  # (samples, sites)
            for table, column in zip(self._tables, codes.unbind(2), strict=True)
        ]
        return torch.stack(columns, 2)

    def draw(self, count: int) -> Codes:
        """Draw codes for every site and depth, all independent."""
        columns = [
            choose_by_weight(sums, draw_uniform(len(sums), count, device=sums.device)).T
            for sums in self._cumulative
        ]
        return torch.stack(columns, 2)

    @property
    def entropy(self) -> float:
        """The mean entropy of the PMFs, in nats a code."""
        means = torch.stack([torch.special.entr(table).sum(1).mean() for table in self._tables])
        return float(means.mean())

    @property
    def unseen_mass(self) -> float:
        """The mean probability of all codes that no latent has at their place."""
        pairs = zip(self._tables, self.counts, strict=True)
        unseen = [(table * (counts == 0)).sum(1).mean() for table, counts in pairs]
        return float(torch.stack(unseen).mean())

    @cached_property
    def _tables(self) -> list[Float[Tensor, "sites _"]]:
        """p at every site, for each depth."""
        return [weights / weights.sum(1, keepdim=True) for weights in self._weights]

    @cached_property
    def _cumulative(self) -> list[Float[Tensor, "sites _"]]:
        """Running sums to draw by. Those of whole counts are exact, so that without smoothing a
        code that was never seen keeps a step of no height.
        """
        return [weights.cumsum(1) for weights in self._weights]

    @property
    def _weights(self) -> list[Float[Tensor, "sites _"]]:
        return [counts.double() + self.smoothing / counts.shape[1] for counts in self.counts]


def _count_codes(column: Int64[Tensor, "samples sites"], choices: int) -> Counts:
    """Count the samples with each code at each site."""
    sites = column.shape[1]
    cells = column + choices * torch.arange(sites, device=column.device)
    return cells.flatten().bincount(minlength=sites * choices).reshape(sites, choices)
