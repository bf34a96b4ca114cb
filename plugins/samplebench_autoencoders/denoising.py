"""The denoising autoencoder."""

from collections.abc import Mapping
from typing import Literal, get_args

import torch
from torch import Tensor

from samplebench import Samples, Shape
from samplebench.networks import Backbone, Likelihood
from samplebench.settings import at_least, one_of
from samplebench_autoencoders.vector_autoencoder import VectorAutoencoder

Noise = Literal["masking", "gaussian"]


class DenoisingAutoencoder(VectorAutoencoder):
    """An autoencoder that reconstructs clean samples from corrupted ones.

    ``L = −log p(x | E(x̃))``. In x̃ a share of all pixel values, each independently, is set to
    0 (``masking``), or Gaussian noise is added to all of them without clipping (``gaussian``).
    ``encode`` sees clean samples. Noise of 0.25 is one of the levels from which the authors choose
    on held-out data, and they stack such layers; this one trains a deep network at once.

    Args:
        shape: of one sample.
        latent: the number of reals in the latent vector.
        backbone: the kind of network; the depth follows the image size.
        width: channels after the first downsampling, which double with each further one; an
            ``mlp`` has 16 times as many hidden units a layer.
        likelihood: the likelihood behind the reconstruction error.
        noise: the kind of corruption.
        amount: the share of pixel values masked, or the standard deviation of Gaussian noise.

    Raises:
        ValueError: an unknown noise, a negative amount, or nothing left by masking.

    Reference: Extracting and Composing Robust Features with Denoising Autoencoders (Vincent et
    al., 2008), doi:10.1145/1390156.1390294
    """

    def __init__(
        self,
        shape: Shape,
        latent: int = 16,
        backbone: Backbone = "conv",
        width: int = 32,
        likelihood: Likelihood = "bernoulli",
        noise: Noise = "masking",
        amount: float = 0.25,
    ) -> None:
        super().__init__(
            shape, latent=latent, backbone=backbone, width=width, likelihood=likelihood
        )
        at_least("amount", amount, 0)
        self.noise, self.amount = one_of("noise", noise, get_args(Noise)), amount
        if noise == "masking" and amount >= 1:
            raise ValueError(f"masking needs an amount below 1, not {amount}: nothing is left")

    def loss_terms(self, samples: Samples) -> Mapping[str, Tensor]:
        vectors = self.encoder(self._corrupt(samples))
        return {"reconstruction": self.reconstruction(vectors, samples)}

    def _corrupt(self, samples: Samples) -> Samples:
        if self.noise == "gaussian":
            return samples + self.amount * torch.randn_like(samples)
        return samples * (torch.rand_like(samples) >= self.amount)
