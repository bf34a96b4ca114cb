"""The base of all autoencoders with one vector an image: encoder, decoder and reconstruction."""

from typing import final, get_args

import torch
from torch import Tensor

from samplebench import Autoencoder, Continuous, Images, Latents
from samplebench.networks import (
    Backbone,
    ImageShape,
    Likelihood,
    reconstruction_loss,
    vector_decoder,
    vector_encoder,
)
from samplebench.settings import at_least, one_of
from samplebench_autoencoders.posterior import LatentsOf, Vectors, split_posterior


class VectorAutoencoder(Autoencoder):
    """An encoder, a decoder and one vector between them; each method adds its own loss.

    The encoder gives the latent vector of a method that encodes to points, and means and log
    variances, ``posterior=True``, of one that encodes to Gaussians.

    Args:
        image_shape: channels, height, width.
        latent: the number of reals in the latent vector.
        backbone: the kind of network; the depth follows the image size.
        width: channels after the first downsampling, which double with each further one; an
            ``mlp`` has 16 times as many hidden units a layer.
        likelihood: the likelihood behind the reconstruction error.
        posterior: True if images are encoded to Gaussians.
        latents: for Gaussians: latents are their "mean", or a "sample" drawn from each.

    Raises:
        ValueError: a setting that makes no network, or an image too small for it.
    """

    def __init__(
        self,
        image_shape: ImageShape,
        *,
        latent: int,
        backbone: Backbone,
        width: int,
        likelihood: Likelihood,
        posterior: bool = False,
        latents: LatentsOf = "mean",
    ) -> None:
        super().__init__()
        at_least("width", width, 1)
        self.image_shape, self.latent, self.width = image_shape, latent, width
        self.backbone = one_of("backbone", backbone, get_args(Backbone))
        self.likelihood = one_of("likelihood", likelihood, get_args(Likelihood))
        self.latent_space = Continuous(latent)
        self.latents = one_of("latents", latents, get_args(LatentsOf))
        self.draws_latents = latents == "sample"
        encoded = 2 * latent if posterior else latent
        self.encoder = vector_encoder(backbone, image_shape, encoded, width)
        self.decoder = vector_decoder(backbone, image_shape, latent, width)

    @final
    def encode(self, images: Images) -> Latents:
        encoded = self.encoder(images)
        if self.draws_latents:
            return self.latent_space.pack(values=split_posterior(encoded).draw())
        return self.latent_space.pack(values=encoded[:, : self.latent])

    @final
    def decode(self, latents: Latents) -> Images:
        return torch.sigmoid(self.decoder(latents.values.flatten(1)))

    @final
    def reconstruction(self, vectors: Vectors, images: Images) -> Tensor:
        """Compute the reconstruction error of the images from the vectors, in nats an image."""
        return self.cost(self.decoder(vectors), images)

    @final
    def cost(self, logits: Tensor, images: Images) -> Tensor:
        """Compute the error of the decoder's output for the images, in nats an image."""
        decoded = logits if self.likelihood == "bernoulli" else torch.sigmoid(logits)
        return reconstruction_loss(self.likelihood, decoded, images)
