"""Mixtures of Gaussians: density, draws, and the two steps of expectation-maximisation.

With whitened points ``y_nk = L_k⁻¹ (x_n − μ_k)``, one iteration is

    r_nk ∝ π_k |L_k|⁻¹ exp(−|y_nk|² / 2),   Σ_k r_nk = 1
    N_k = Σ_n r_nk,   b_k = Σ_n r_nk y_nk / N_k,   A_k = Σ_n r_nk y_nk y_nkᵀ / N_k
    π_k ← N_k / n,   μ_k ← μ_k + L_k b_k,   Σ_k ← L_k (A_k − b_k b_kᵀ) L_kᵀ + ridge · I

where components with tied covariances all take ``Σ_k π_k Σ_k``. One pass over the points, in
chunks, gives N, b, A and the log-likelihood; only sums leave a chunk, and they are float64.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from samplebench.clusters import choose_by_weight
from samplebench_density.mixture.components import (
    Components,
    Covariances,
    Diagonal,
    Full,
    Means,
    Points,
    Whitened,
)

Covariance = Literal["full", "diagonal", "tied"]


@dataclass(frozen=True, eq=False)
class Moments:
    """N, b and A as defined above, and the mean log-likelihood of a point, in nats."""

    counts: Float[Tensor, " K"]
    first: Means
    second: Covariances
    log_likelihood: Float[Tensor, ""]


@dataclass(frozen=True, eq=False)
class NormalMixture:
    """``p(x) = Σ_k π_k N(x; μ_k, Σ_k)``, parameters in float64."""

    weights: Float[Tensor, " K"]
    components: Components
    covariance: Covariance

    @classmethod
    def isotropic(
        cls, means: Means, variance: Float[Tensor, ""], covariance: Covariance
    ) -> "NormalMixture":
        """Build components of equal weight and the same variance in all directions."""
        kind = Diagonal if covariance == "diagonal" else Full
        weights = torch.full_like(means[:, 0], 1 / len(means))
        return cls(weights, kind.isotropic(means, variance), covariance)

    def log_prob(self, points: Points) -> Float[Tensor, " points"]:
        """The log density of each point, float64, in nats."""
        return torch.cat(
            [
                self._log_joint(self.components.whiten(chunk.double())).logsumexp(0)
                for chunk in self._chunks(points)
            ]
        )

    def log_likelihood(self, points: Points, precision: torch.dtype) -> Float[Tensor, ""]:
        """The mean log density of the points, in nats; products are taken in ``precision``."""
        total = self.weights.new_zeros(())
        for chunk in self._chunks(points):
            log_joint = self._log_joint(self.components.whiten(chunk.to(precision)))
            total += log_joint.logsumexp(0).sum(dtype=torch.float64)
        return total / len(points)

    def sample(self, count: int, dtype: torch.dtype) -> Points:
        """Draw ``count`` independent points."""
        means = self.components.means
        owners = choose_by_weight(self.weights, count)
        noise = torch.randn(count, means.shape[1], device=means.device, dtype=dtype)
        return self.components.colour(noise, owners)

    def compute_moments(
        self, points: Points, precision: torch.dtype, *, divided: bool = True
    ) -> Moments:
        """Take the expectation step, in one pass; products are taken in ``precision``.

        Args:
            divided: divide a point among the components; else its likeliest takes all of it.
        """
        counts = torch.zeros_like(self.weights)
        first = torch.zeros_like(self.components.means)
        second = torch.zeros_like(self.components.factors)
        log_likelihood = counts.new_zeros(())
        for chunk in self._chunks(points):
            whitened = self.components.whiten(chunk.to(precision))
            log_joint = self._log_joint(whitened)
            log_density = log_joint.logsumexp(0)
            shares = _compute_shares(log_joint, log_density, divided)
            counts += shares.sum(1, dtype=torch.float64)
            first += (shares[:, None] @ whitened).squeeze(1)
            # In place, as it is the largest tensor: each side of y yᵀ takes a root of r.
            second += self.components.sum_squares(whitened.mul_(shares.sqrt_()[..., None]))
            log_likelihood += log_density.sum(dtype=torch.float64)
        alive = counts.clamp_min(torch.finfo(counts.dtype).eps)
        second /= alive.reshape(-1, *[1] * (second.ndim - 1))
        return Moments(counts, first / alive[:, None], second, log_likelihood / len(points))

    def maximise(self, moments: Moments, ridge: float) -> "NormalMixture":
        """Take the maximisation step. A component that lost all points stays, with weight 0."""
        weights = moments.counts / moments.counts.sum()
        means = self.components.unwhiten_means(moments.first)
        covariances = self.components.unwhiten_covariances(moments.first, moments.second)
        if self.covariance == "tied":
            covariances = torch.tensordot(weights, covariances, dims=1).expand_as(covariances)
        components = self.components.of(means, covariances, ridge)
        return replace(self, weights=weights, components=components)

    def transform(
        self, centre: Float[Tensor, " D"], scale: Float[Tensor, " D"]
    ) -> "NormalMixture":
        """Express the same mixture in the coordinates ``centre + scale · x``."""
        return replace(self, components=self.components.transform(centre, scale))

    @property
    def parameters(self) -> int:
        """The number of free parameters, for information criteria."""
        count, width = self.components.means.shape
        shape = width if self.covariance == "diagonal" else width * (width + 1) // 2
        shapes = 1 if self.covariance == "tied" else count
        return count - 1 + count * width + shapes * shape

    def state(self) -> dict[str, Tensor]:
        """The tensors that ``from_state`` takes."""
        components = self.components
        return {
            "weights": self.weights,
            "means": components.means,
            "factors": components.factors,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Tensor], covariance: Covariance) -> "NormalMixture":
        """The mixture that gave ``state``."""
        kind = Diagonal if covariance == "diagonal" else Full
        return cls(state["weights"], kind(state["means"], state["factors"]), covariance)

    def _log_joint(self, whitened: Whitened) -> Float[Tensor, "K points"]:
        """``log π_k N(x_n; μ_k, Σ_k)``."""
        constant = 0.5 * whitened.shape[2] * math.log(2 * math.pi)
        logs = self.weights.log() - self.components.log_volumes - constant
        squares: Tensor = torch.linalg.vector_norm(whitened, dim=2).square_()
        return squares.mul_(-0.5).add_(logs.to(squares)[:, None])

    def _chunks(self, points: Points) -> tuple[Tensor, ...]:
        """Split the points into chunks of at least 1,024 rows.

        All whitened views of a chunk hold about 2¹⁹ numbers, which stay in a CPU's cache, or on
        an accelerator 2²⁶, because every call there has a fixed cost.
        """
        numbers = 2**19 if points.device.type == "cpu" else 2**26
        return torch.split(points, max(1024, numbers // self.components.means.numel()))


def _compute_shares(
    log_joint: Tensor, log_density: Tensor, divided: bool
) -> Float[Tensor, "K points"]:
    """Compute each component's share of each point, in the memory of ``log_joint``."""
    if divided:
        return log_joint.sub_(log_density).exp_()
    likeliest = log_joint.argmax(0, keepdim=True)
    return log_joint.zero_().scatter_(0, likeliest, 1.0)
