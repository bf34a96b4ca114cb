"""The InfoVAE."""

import math
from collections.abc import Mapping
from typing import get_args

import torch
from torch import Tensor

from samplebench import Samples, Shape
from samplebench.networks import Backbone, Likelihood
from samplebench.settings import above_zero, one_of
from samplebench_autoencoders.discrepancy import Kernel, squared_discrepancy
from samplebench_autoencoders.posterior import LatentsOf, split_posterior
from samplebench_autoencoders.vector_autoencoder import VectorAutoencoder


class InfoVariationalAutoencoder(VectorAutoencoder):
    """A variational autoencoder that also asks all latents together to follow the prior.

    ``L = −E_q log p(x | z) + (1 − α) KL(q(z | x) ‖ N(0, I)) + (α + λ − 1) MMD²(q(z), N(0, I))``,
    one reparametrised draw an image, the discrepancy by its unbiased estimate between these draws
    and as many from the prior. The code that the authors published takes the biased estimate and
    the ``rbf`` kernel ``exp(−‖a − b‖² / d²)`` for d latents, which is the default bandwidth here;
    ``imq`` sums inverse multiquadratics over seven scales. α = 0 and λ = 1000 are the paper's for
    MNIST; α = 1 removes the divergence of single posteriors, α = 0 and λ = 1 is the plain
    variational autoencoder.

    Args:
        shape: of one sample.
        latent: the number of reals in the latent vector.
        backbone: the kind of network; the depth follows the image size.
        width: channels after the first downsampling, which double with each further one; an
            ``mlp`` has 16 times as many hidden units a layer.
        likelihood: the likelihood behind the reconstruction error.
        alpha: α; 1 − α is the weight of the divergence of single posteriors.
        scale: λ; α + λ − 1 is the weight of the discrepancy.
        kernel: the kernel that compares two vectors.
        bandwidth: the standard deviation of the prior for which the kernel is made: the square of
            its width is ``2 · latent · bandwidth²`` (times the scales). ``None``: √(latent / 2).
        latents: the latent of an image: the "mean" of its posterior, or a "sample" drawn from it.

    Raises:
        ValueError: an unknown kernel, a bandwidth that is not positive, or a term whose weight
            would be negative.

    Reference: InfoVAE: Information Maximizing Variational Autoencoders (Zhao et al., 2017),
    arXiv:1706.02262
    """

    def __init__(
        self,
        shape: Shape,
        latent: int = 16,
        backbone: Backbone = "conv",
        width: int = 32,
        likelihood: Likelihood = "bernoulli",
        alpha: float = 0.0,
        scale: float = 1000.0,
        kernel: Kernel = "rbf",
        bandwidth: float | None = None,
        latents: LatentsOf = "mean",
    ) -> None:
        super().__init__(
            shape,
            latent=latent,
            backbone=backbone,
            width=width,
            likelihood=likelihood,
            posterior=True,
            latents=latents,
        )
        self._prior_std = math.sqrt(latent / 2) if bandwidth is None else bandwidth
        above_zero("bandwidth", self._prior_std)
        if not (alpha <= 1 and alpha + scale >= 1):
            raise ValueError(
                "InfoVAE needs alpha ≤ 1 and alpha + scale ≥ 1, "
                f"not alpha={alpha} and scale={scale}"
            )
        self.alpha, self.scale, self.bandwidth = alpha, scale, bandwidth
        self.kernel = one_of("kernel", kernel, get_args(Kernel))

    def loss_terms(self, samples: Samples) -> Mapping[str, Tensor]:
        posterior = split_posterior(self.encoder(samples))
        drawn = posterior.draw()
        prior = torch.randn_like(drawn)
        discrepancy = squared_discrepancy(
            drawn, prior, kernel=self.kernel, bandwidth=self._prior_std
        )
        return {
            "reconstruction": self.reconstruction(drawn, samples),
            "kl": (1 - self.alpha) * posterior.divergence(),
            "mmd": (self.alpha + self.scale - 1) * discrepancy,
        }
