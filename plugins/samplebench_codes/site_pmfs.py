"""Smoothed probability mass functions, one for each site and depth."""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean

import torch
from jaxtyping import Float
from torch import Tensor

from samplebench import LatentSpace
from samplebench_codes.codes import Codes
from samplebench_codes.depth_pmfs import DepthPMFs


@dataclass(frozen=True)
class SitePMFs:
    """``p(c) = (N(c) + s / K) / (n + s)`` at each site and depth, from codes of n latents.

    N(c) counts the latents with code c there, K is the size of the depth's codebook, and s =
    ``smoothing`` is the number of observations that the uniform distribution counts for.
    """

    depths: tuple[DepthPMFs, ...]

    @classmethod
    def of(cls, codes: Codes, space: LatentSpace, smoothing: float) -> "SitePMFs":
        """Estimate the PMFs of these codes."""
        tables = zip(codes.unbind(2), space.code_ranges, strict=True)
        return cls(tuple(DepthPMFs.of(column, size, smoothing) for column, size in tables))

    def state(self) -> Mapping[str, Tensor]:
        """The tensors that ``from_state`` takes."""
        return {
            f"{name}.{depth}": tensor
            for depth, pmfs in enumerate(self.depths)
            for name, tensor in pmfs.state().items()
        }

    @classmethod
    def from_state(
        cls, space: LatentSpace, state: Mapping[str, Tensor], smoothing: float
    ) -> "SitePMFs":
        """The PMFs that gave ``state``."""
        return cls(
            tuple(
                DepthPMFs(
                    labels=state[f"labels.{depth}"],
                    keys=state[f"keys.{depth}"],
                    counts=state[f"counts.{depth}"],
                    sites=space.sites,
                    choices=choices,
                    smoothing=smoothing,
                )
                for depth, choices in enumerate(space.code_ranges)
            )
        )

    def probabilities(self, codes: Codes) -> Float[Tensor, "samples sites depths"]:
        """Look up the probability of each code at its place."""
        pairs = zip(self.depths, codes.unbind(2), strict=True)
        return torch.stack([pmfs.probabilities(column) for pmfs, column in pairs], 2)

    def draw(self, count: int) -> Codes:
        """Draw codes for every site and depth, all independent."""
        return torch.stack([pmfs.draw(count) for pmfs in self.depths], 2)

    @property
    def entropy(self) -> float:
        """The mean entropy of the PMFs, in nats a code."""
        return fmean(pmfs.entropy for pmfs in self.depths)

    @property
    def unseen_mass(self) -> float:
        """The mean probability of all codes that no latent has at their place."""
        return fmean(pmfs.unseen_mass for pmfs in self.depths)
