"""What all autoencoders with one vector an image share: two networks, the way in and out."""

from typing import final, get_args

import torch
from jaxtyping import Float
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

Vectors = Float[Tensor, "samples latent"]
"""One vector an image."""


class VectorAutoencoder(Autoencoder):
    """An encoder, a decoder and one vector between them. What is minimised is the method's own.

    The encoder gives ``encoded`` reals an image. The first ``latent`` of them are the latent
    vector: all there are for a method that encodes to points, the means for one that encodes to
    laws.

    Args:
        image_shape: channels, height, width.
        latent: reals in the latent vector.
        backbone: the networks; their depth follows the image size.
        width: channels after the first halving, which double with each further one; an ``mlp``
            has 16 times as many hidden units a layer.
        likelihood: what the reconstruction error is.
        encoded: reals that the encoder gives, ``latent`` when left out.

    Raises:
        ValueError: a setting that makes no network, or an image too small for it.
    """

    def __init__(
        self,
        image_shape: ImageShape,
        latent: int,
        backbone: Backbone,
        width: int,
        likelihood: Likelihood,
        encoded: int | None = None,
    ) -> None:
        super().__init__()
        at_least("width", width, 1)
        self.image_shape, self.latent, self.width = image_shape, latent, width
        self.backbone = one_of("backbone", backbone, get_args(Backbone))
        self.likelihood = one_of("likelihood", likelihood, get_args(Likelihood))
        self.latent_space = Continuous(latent)
        self.encoder = vector_encoder(backbone, image_shape, encoded or latent, width)
        self.decoder = vector_decoder(backbone, image_shape, latent, width)

    @final
    def encode(self, images: Images) -> Latents:
        return self.latent_space.pack(values=self.encoder(images)[:, : self.latent])

    @final
    def decode(self, latents: Latents) -> Images:
        return torch.sigmoid(self.decoder(latents.values.flatten(1)))

    @final
    def reconstruction(self, vectors: Vectors, images: Images) -> Tensor:
        """What it costs to decode the vectors in place of the images, in nats an image."""
        return self.cost(self.decoder(vectors), images)

    @final
    def cost(self, logits: Tensor, images: Images) -> Tensor:
        """What it costs to show what the decoder gives for the images, in nats an image."""
        decoded = logits if self.likelihood == "bernoulli" else torch.sigmoid(logits)
        return reconstruction_loss(self.likelihood, decoded, images)
