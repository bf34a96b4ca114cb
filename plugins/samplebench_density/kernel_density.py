"""Gaussian kernel density estimates: training latents with Gaussian noise."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor

from samplebench_density.log_sums import Terms, log_sums, pieces
from samplebench_density.pieces import Vectors
from samplebench_density.spread import Spread


@dataclass(frozen=True, eq=False)
class KernelDensity:
    """``p(x) = Σ_i Π_j N(x_j; z_ij, h_j²) / n``.

    Where a bandwidth h_j is 0, all latents are the same number in that dimension, and so is every
    draw: ``log_prob`` is then the density in the other dimensions, and −∞ for a point that has
    another number there. ``bandwidths`` are float64.
    """

    vectors: Vectors
    bandwidths: Float[Tensor, " D"]

    def sample(self, count: int) -> Float[Tensor, "count D"]:
        """``count`` independent points."""
        rows = torch.randint(len(self.vectors), (count,), device=self.vectors.device)
        points = self.vectors.index_select(0, rows)
        return points.addcmul_(torch.randn_like(points), self.bandwidths.to(points))

    def log_prob(self, points: Float[Tensor, "points D"]) -> Float[Tensor, " points"]:
        """The log density of each point, float64, in nats.

        A matrix product gives all distances; see ``terms``.

        Raises:
            ValueError: every bandwidth is 0, as of latents that are all equal.
        """
        if not bool((self.bandwidths > 0).any()):
            raise ValueError(
                "a density was asked for where all latents are equal, and one point has none; "
                "fit to latents that vary, or leave out what asks for a density"
            )
        queries = self.scaled(points)
        columns = torch.cat([queries, torch.ones_like(queries[:, :1])], 1)
        sums = log_sums(columns, self.terms()) - 0.5 * queries.square().sum(1)
        noisy = self.bandwidths > 0
        scale = self.bandwidths[noisy].log().sum() + 0.5 * queries.shape[1] * math.log(2 * math.pi)
        elsewhere = (points != self.vectors[0])[:, ~noisy].any(1)
        return (sums - math.log(len(self.vectors)) - scale).masked_fill_(elsewhere, -torch.inf)

    def state(self) -> Mapping[str, Tensor]:
        """What ``restored`` needs, for ``Sampler.state``."""
        return {"vectors": self.vectors, "bandwidths": self.bandwidths}

    @classmethod
    def restored(cls, state: Mapping[str, Tensor]) -> "KernelDensity":
        """The law of which ``state`` was taken."""
        return cls(state["vectors"], state["bandwidths"])

    def terms(self) -> Iterator[Terms]:
        """In pieces, ``(z, −|z|² / 2)`` of every scaled latent z. For a scaled point q,
        ``|q − z|² = |q|² − 2 (q, 1) · (z, −|z|² / 2)``.
        """
        for piece in pieces(self.vectors):
            scaled = self.scaled(piece)
            yield torch.cat([scaled, -0.5 * scaled.square().sum(1, keepdim=True)], 1)

    def scaled(self, points: Float[Tensor, "points D"]) -> Float[Tensor, "points noisy"]:
        """Points about the latents' mean, over the bandwidths, in the dimensions that have one;
        float64.
        """
        noisy = self.bandwidths > 0
        return (points.double() - self._centre)[:, noisy] / self.bandwidths[noisy]

    @cached_property
    def _centre(self) -> Float[Tensor, " D"]:
        return Spread.of(self.vectors).mean
