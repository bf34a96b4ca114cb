"""Smoothed probability mass functions, one for each site and depth."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from samplebench import LatentSpace
from samplebench_codes.codes import Codes
from samplebench_codes.drawing import drawn, uniforms

Counts = Int64[Tensor, "sites _"]
"""How many latents have each code at each site; each depth has codes of its own number."""


@dataclass(frozen=True)
class SitePMFs:
    """``p(c) = (N(c) + s / K) / (n + s)`` at each site and depth, from codes of n latents.

    N(c) counts the latents with code c there, K is the size of the depth's codebook, and s =
    ``smoothing`` is how many observations the uniform law is worth.
    """

    counts: tuple[Counts, ...]  # one table a depth
    smoothing: float

    @classmethod
    def of(cls, codes: Codes, space: LatentSpace, smoothing: float) -> "SitePMFs":
        """The PMFs of these codes."""
        tables = zip(codes.unbind(2), space.code_ranges, strict=True)
        return cls(tuple(_counted(column, choices) for column, choices in tables), smoothing)

    def state(self) -> Mapping[str, Tensor]:
        """What ``restored`` needs."""
        return {f"counts.{depth}": table for depth, table in enumerate(self.counts)}

    @classmethod
    def restored(
        cls, space: LatentSpace, state: Mapping[str, Tensor], smoothing: float
    ) -> "SitePMFs":
        """The PMFs of which ``state`` was taken."""
        depths = range(space.code_width)
        return cls(tuple(state[f"counts.{depth}"] for depth in depths), smoothing)

    def probabilities(self, codes: Codes) -> Float[Tensor, "samples sites depths"]:
        """The probability of each code at its place."""
        columns = [
            table.gather(1, column.T).T  # (samples, sites)
            for table, column in zip(self._tables, codes.unbind(2), strict=True)
        ]
        return torch.stack(columns, 2)

    def draw(self, count: int) -> Codes:
        """Codes for every site and depth, all independent."""
        columns = [
            drawn(steps, uniforms(len(steps), count, device=steps.device)).T
            for steps in self._steps
        ]
        return torch.stack(columns, 2)

    @property
    def entropy(self) -> float:
        """The mean entropy of the PMFs, in nats a code."""
        found = torch.stack([torch.special.entr(table).sum(1).mean() for table in self._tables])
        return float(found.mean())

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
    def _steps(self) -> list[Float[Tensor, "sites _"]]:
        """Running sums to draw by. Of whole counts they are exact, so that what was never seen
        keeps a step of no height where nothing is smoothed.
        """
        return [weights.cumsum(1) for weights in self._weights]

    @property
    def _weights(self) -> list[Float[Tensor, "sites _"]]:
        return [counts.double() + self.smoothing / counts.shape[1] for counts in self.counts]


def _counted(column: Int64[Tensor, "samples sites"], choices: int) -> Counts:
    """How many of the samples have each code at each site."""
    sites = column.shape[1]
    cells = column + choices * torch.arange(sites, device=column.device)
    return cells.flatten().bincount(minlength=sites * choices).reshape(sites, choices)
