"""Gaussian kernel density estimates: training latents with Gaussian noise."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor

from samplebench_density.kernels.log_sums import Terms, log_sums, split_terms
from samplebench_density.kernels.near_sums import EXACT, bound_rounding, log_near_sums
from samplebench_density.vectors.chunks import Vectors
from samplebench_density.vectors.statistics import Statistics


@dataclass(frozen=True, eq=False)
class KernelDensity:
    """``p(x) = Σ_i Π_j N(x_j; z_ij, h_j²) / n``.

    Where a bandwidth h_j is 0, all latents have the same number in that dimension, and so has
    every draw: ``log_prob`` is then the density in the other dimensions, and −∞ for a point that
    has another number there. ``bandwidths`` are float64.
    """

    vectors: Vectors
    bandwidths: Float[Tensor, " D"]

    def sample(self, count: int) -> Float[Tensor, "count D"]:
        """Draw ``count`` independent points."""
        rows = torch.randint(len(self.vectors), (count,), device=self.vectors.device)
        points = self.vectors.index_select(0, rows)
        return points.addcmul_(torch.randn_like(points), self.bandwidths.to(points))

    def log_prob(self, points: Float[Tensor, "points D"]) -> Float[Tensor, " points"]:
        """Compute the log density of each point, float64, in nats.

        A matrix product gives all distances, see ``terms``; differences give them where kernels
        are so narrow that its rounding would matter.

        Raises:
            ValueError: every bandwidth is 0, as of latents that are all equal.
        """
        if not bool((self.bandwidths > 0).any()):
            raise ValueError(
                "all latents are equal, and a single point has no density; "
                "fit to latents that vary, or leave out what asks for a density"
            )
        noisy = self.bandwidths > 0
        queries = self.scale(points)
        squares = queries.square().sum(1)
        columns = torch.cat([queries, torch.ones_like(queries[:, :1])], 1)
        sums = log_sums(columns, self.terms()) - 0.5 * squares
        rounded = (bound_rounding(squares, queries.shape[1]) > EXACT).nonzero()[:, 0]
        if len(rounded):
            sums[rounded] = log_near_sums(
                points[rounded][:, noisy],
                self.vectors[:, noisy],
                centre=self._centre[noisy],
                bandwidths=self.bandwidths[noisy],
            )
        scale = self.bandwidths[noisy].log().sum() + 0.5 * queries.shape[1] * math.log(2 * math.pi)
        elsewhere = (points != self.vectors[0])[:, ~noisy].any(1)
        return (sums - math.log(len(self.vectors)) - scale).masked_fill_(elsewhere, -torch.inf)

    def state(self) -> Mapping[str, Tensor]:
        """The tensors that ``from_state`` takes, for ``Sampler.state``."""
        return {"vectors": self.vectors, "bandwidths": self.bandwidths}

    @classmethod
    def from_state(cls, state: Mapping[str, Tensor]) -> "KernelDensity":
        """The density that gave ``state``."""
        return cls(state["vectors"], state["bandwidths"])

    def terms(self) -> Iterator[Terms]:
        """Yield ``(z, −|z|² / 2)`` of every scaled latent z, in pieces.

        For a scaled point q, ``|q − z|² = |q|² − 2 (q, 1) · (z, −|z|² / 2)``.
        """
        for piece in split_terms(self.vectors):
            scaled = self.scale(piece)
            yield torch.cat([scaled, -0.5 * scaled.square().sum(1, keepdim=True)], 1)

    def scale(self, points: Float[Tensor, "points D"]) -> Float[Tensor, "points noisy"]:
        """Subtract the mean and divide by the bandwidths, where these are not 0; float64."""
        noisy = self.bandwidths > 0
        return (points.double() - self._centre)[:, noisy] / self.bandwidths[noisy]

    @cached_property
    def _centre(self) -> Float[Tensor, " D"]:
        return Statistics.of(self.vectors).mean
