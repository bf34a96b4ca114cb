"""Independent Laplace distributions, whose tails are heavier than those of normal ones."""

import torch
from torch import Tensor

from samplebench import Continuous, DensitySampler, Latents


class Laplace(DensitySampler):
    """Draws each dimension from a Laplace distribution fitted by maximum likelihood.

    The density of one dimension is ``p(z) = exp(−|z − m| / b) / 2b``. Its maximum-likelihood fit
    has the median as ``m`` and the mean of ``|z − m|`` as ``b``. If all latents are equal in a
    dimension, ``b`` is the machine epsilon of float32, so that the density is finite.

    Args:
        spread: factor of every ``b``; 1 is the fit, and less keeps samples closer to the median.

    Raises:
        ValueError: ``spread`` is not positive.
    """

    accepts = (Continuous,)

    def __init__(self, spread: float = 1.0) -> None:
        if not spread > 0:
            raise ValueError(f"spread must be positive, not {spread}")
        self.spread = spread

    def fit(self, latents: Latents) -> None:
        vectors = latents.values.flatten(1)  # (samples, D)
        median = vectors.median(dim=0).values  # (D,)
        deviation = (vectors - median).abs().mean(dim=0)  # (D,)
        scale = self.spread * deviation.clamp(min=torch.finfo(torch.float32).eps)
        self.space = latents.space
        self.distribution = torch.distributions.Laplace(median, scale)

    def sample(self, count: int) -> Latents:
        return self.space.pack(values=self.distribution.sample((count,)))

    def log_prob(self, latents: Latents) -> Tensor:
        vectors = latents.values.flatten(1)  # (samples, D)
        log_densities: Tensor = self.distribution.log_prob(vectors)  # (samples, D)
        return log_densities.sum(dim=1)
