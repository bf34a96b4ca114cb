"""The plain autoencoder."""

from collections.abc import Mapping

import torch
from torch import Tensor

from samplebench import Autoencoder, Continuous, Images, Latents
from samplebench_autoencoders.backbones import Backbone, ImageShape, make_decoder, make_encoder
from samplebench_autoencoders.likelihoods import Likelihood, reconstruction_loss


class PlainAutoencoder(Autoencoder):
    """The plain autoencoder: reconstruction and nothing else.

    ``L = −log p(x | D(E(x)))``, summed over pixels and averaged over images: half the squared
    error for ``mse``, the cross-entropy for ``bernoulli``.

    Args:
        image_shape: channels, height, width.
        latent: reals in the latent vector.
        backbone: the networks; their depth follows the image size.
        width: channels after the first halving; they double with each further one.
        likelihood: what the reconstruction error is.

    Reference: Reducing the Dimensionality of Data with Neural Networks (Hinton & Salakhutdinov,
    2006), doi:10.1126/science.1127647
    """

    def __init__(
        self,
        image_shape: ImageShape,
        latent: int = 16,
        backbone: Backbone = "conv",
        width: int = 32,
        likelihood: Likelihood = "mse",
    ) -> None:
        super().__init__()
        self.image_shape = image_shape
        self.latent, self.backbone, self.width = latent, backbone, width
        self.likelihood = likelihood
        self.latent_space = Continuous(latent)
        self.encoder = make_encoder(backbone, image_shape, latent, width)
        self.decoder = make_decoder(backbone, image_shape, latent, width)

    def encode(self, images: Images) -> Latents:
        return self.latent_space.pack(values=self.encoder(images))

    def decode(self, latents: Latents) -> Images:
        return torch.sigmoid(self.decoder(latents.values.flatten(1)))

    def loss_terms(self, images: Images) -> Mapping[str, Tensor]:
        logits = self.decoder(self.encoder(images))
        return {"reconstruction": reconstruction_loss(self.likelihood, logits, images)}
