"""The Laplace law, whose tails are heavier than a normal law's, for each latent dimension."""

import torch
from torch import Tensor

from samplebench import Continuous, DensitySampler, Latents


class Laplace(DensitySampler):
    """Independent Laplace laws, one a dimension, fitted by maximum likelihood.

    The density of one dimension is ``p(z) = exp(−|z − m| / b) / 2b``. Its maximum-likelihood fit
    has ``m`` the median and ``b`` the mean of ``|z − m|``. ``spread`` multiplies every ``b``, so
    that 1 is the fit itself, and less keeps samples closer to the median.

    A dimension in which all latents are equal gets the smallest ``b`` that float32 tells from 0
    beside 1, so that its density is finite.

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
        self.law = torch.distributions.Laplace(median, scale)

    def sample(self, count: int) -> Latents:
        return self.space.pack(values=self.law.sample((count,)))

    def log_prob(self, latents: Latents) -> Tensor:
        log_densities: Tensor = self.law.log_prob(latents.values.flatten(1))  # (samples, D)
        return log_densities.sum(dim=1)
