"""The base of all autoencoders with one vector a sample: encoder, decoder and reconstruction."""

from typing import final, get_args

import torch
from torch import Tensor

from samplebench import (
    Autoencoder,
    Continuous,
    Latents,
    Samples,
    Shape,
    describe_shape,
    is_image,
)
from samplebench.networks import (
    Backbone,
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
        shape: of one sample.
        latent: the number of reals in the latent vector.
        backbone: the kind of network; the depth follows the image size.
        width: channels after the first downsampling, which double with each further one; an
            ``mlp`` has 16 times as many hidden units a layer.
        likelihood: the likelihood behind the reconstruction error.
        posterior: True if samples are encoded to Gaussians.
        latents: for Gaussians: latents are their "mean", or a "sample" drawn from each.

    Raises:
        ValueError: a setting that makes no network, or samples that it does not take.
    """

    def __init__(
        self,
        shape: Shape,
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
        self.shape, self.latent, self.width = shape, latent, width
        self.backbone = one_of("backbone", backbone, get_args(Backbone))
        self.likelihood = one_of("likelihood", likelihood, get_args(Likelihood))
        self.of_images = is_image(shape)
        if likelihood == "bernoulli" and not self.of_images:
            raise ValueError(
                "likelihood='bernoulli' is for images, whose numbers are in [0, 1], and these "
                f"samples are {describe_shape(shape)}; likelihood='gaussian' takes any samples"
            )
        self.latent_space = Continuous(latent)
        self.latents = one_of("latents", latents, get_args(LatentsOf))
        self.draws_latents = latents == "sample"
        encoded = 2 * latent if posterior else latent
        self.encoder = vector_encoder(backbone, shape, encoded, width)
        self.decoder = vector_decoder(backbone, shape, latent, width)

    @final
    def encode(self, samples: Samples) -> Latents:
        encoded = self.encoder(samples)
        if self.draws_latents:
            return self.latent_space.pack(values=split_posterior(encoded).draw())
        return self.latent_space.pack(values=encoded[:, : self.latent])

    @final
    def decode(self, latents: Latents) -> Samples:
        return self.means(self.decoder(latents.values.flatten(1)))

    @final
    def reconstruction(self, vectors: Vectors, samples: Samples) -> Tensor:
        """Compute the reconstruction error from the vectors, in nats a sample."""
        return self.cost(self.decoder(vectors), samples)

    @final
    def means(self, outputs: Tensor) -> Tensor:
        """Convert the decoder's outputs into means: in [0, 1] for images, any number else."""
        return torch.sigmoid(outputs) if self.of_images else outputs

    @final
    def cost(self, outputs: Tensor, samples: Samples) -> Tensor:
        """Compute the error of the decoder's output for the samples, in nats a sample."""
        decoded = outputs if self.likelihood == "bernoulli" else self.means(outputs)
        return reconstruction_loss(self.likelihood, decoded, samples)
