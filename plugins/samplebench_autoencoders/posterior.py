"""The Gaussian posterior of variational autoencoders: ``q(z | x) = N(μ(x), diag σ²(x))``."""

import math
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

Vectors = Float[Tensor, "samples latent"]
"""One vector an image."""

LatentsOf = Literal["mean", "sample"]
"""The latent of an image: the mean of its posterior, or a draw from it."""


class Posterior(NamedTuple):
    """A diagonal Gaussian for each image."""

    mean: Vectors
    log_variance: Vectors

    def draw(self) -> Vectors:
        """Take one reparametrised draw an image, ``z = μ + σ ε``."""
        return self.mean + torch.exp(self.log_variance / 2) * torch.randn_like(self.mean)

    def divergence(self) -> Tensor:
        """Compute ``KL(q ‖ N(0, I))`` in nats, summed over dimensions, averaged over samples."""
        variance = self.log_variance.exp()
        return (self.mean.square() + variance - 1 - self.log_variance).sum(1).mean() / 2

    def log_prob(self, vectors: Float[Tensor, "*samples latent"]) -> Float[Tensor, "..."]:
        """Compute the log density in nats. Vectors and Gaussians are broadcast: vectors of shape
        (samples, 1, latent) give (samples, Gaussians).
        """
        distance = (vectors - self.mean).square() * torch.exp(-self.log_variance)
        return -(distance + self.log_variance + math.log(2 * math.pi)).sum(-1) / 2


def split_posterior(encoded: Tensor) -> Posterior:
    """Split the encoder's output, (samples, 2 latent), into means and log variances."""
    # Differences of log densities vanish in the rounding of 16 bits.
    precise = encoded.to(torch.promote_types(encoded.dtype, torch.float32))
    mean, log_variance = precise.chunk(2, dim=1)
    return Posterior(mean, log_variance)
