"""Autoencoders on maps, whatever codes a site: one network, one loss, any bottleneck."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from samplebench.contracts.autoencoder import Autoencoder
from samplebench.contracts.dataset import Images
from samplebench.contracts.latents import Latents, LatentSpace
from samplebench.networks.likelihoods import Likelihood, reconstruction_loss
from samplebench.networks.maps import map_decoder, map_encoder, map_sizes
from samplebench.networks.sizes import ImageShape

Sites = Float[Tensor, "images positions reals"]
"""What an encoder finds at each position of the grid, row by row: as many reals as channels."""


class Coded(NamedTuple):
    """Values (images, positions, value_width) and codes (images, positions, code_width).

    ``None`` where the space has none.
    """

    values: Tensor | None = None
    codes: Tensor | None = None


class Bottleneck(nn.Module, ABC):
    """What stands between the encoder and the decoder of a map: it codes every site by itself."""

    channels: int
    """Reals at a site, on both sides of it."""

    @abstractmethod
    def space(self, grid: tuple[int, ...]) -> LatentSpace:
        """The latents of a grid of such sites."""

    @abstractmethod
    def encode(self, sites: Sites) -> Coded:
        """What of the sites is kept; deterministic in evaluation mode."""

    @abstractmethod
    def decode(self, latents: Latents) -> Sites:
        """The sites that the decoder gets for latents of this space."""

    @abstractmethod
    def forward(self, sites: Sites) -> tuple[Sites, Mapping[str, Tensor]]:
        """In training: the sites that the decoder gets, and the terms that the loss gains.

        Gradients reach the encoder through both. A term is a scalar beside a reconstruction error
        per pixel value: a mean over sites and channels, nats an image divided by the pixel values
        of an image, or what the method's own weight makes of nats a site.
        """

    def begin(self, sites: Sites) -> None:
        """Told once before training, without gradients, some of the sites to come."""

    def before_step(self, done: float) -> None:
        """Told before each step the share of training that is over, in [0, 1)."""


@final
class BottleneckAutoencoder(Autoencoder):
    """The network of VQ-VAE around a bottleneck.

    ``L = R(x, D(b(E(x)))) + the bottleneck's terms``, all per pixel value. R is the mean squared
    error over the variance of the training images' pixels for ``mse``, else
    ``−log p(x | z)`` in nats over the pixel values. The decoder gives the means of pixels, cut to
    [0, 1] where images are asked for; for ``bernoulli`` it gives logits.

    Args:
        image_shape: channels, height, width.
        bottleneck: codes the sites.
        width: channels of the widest layers.
        halvings: how often the image is halved: sites are 2^halvings pixels apart.
        likelihood: what the reconstruction error is.
    """

    variance: Tensor

    def __init__(
        self,
        image_shape: ImageShape,
        bottleneck: Bottleneck,
        width: int = 128,
        halvings: int = 2,
        likelihood: Likelihood = "mse",
    ) -> None:
        super().__init__()
        self.image_shape, self.likelihood = image_shape, likelihood
        self.grid = map_sizes(image_shape, halvings)[-1]
        self.bottleneck = bottleneck
        self.latent_space = bottleneck.space(self.grid)
        self.encoder = map_encoder(image_shape, bottleneck.channels, width, halvings)
        self.decoder = map_decoder(image_shape, bottleneck.channels, width, halvings)
        self.register_buffer("variance", torch.ones(()))

    def encode(self, images: Images) -> Latents:
        coded = self.bottleneck.encode(self._sites(images))
        return self.latent_space.pack(values=coded.values, codes=coded.codes)

    def decode(self, latents: Latents) -> Images:
        return self.means(self._outputs(self.bottleneck.decode(latents))).clamp(0, 1)

    def loss_terms(self, images: Images) -> Mapping[str, Tensor]:
        outputs, terms = self.reconstruct(images)
        return {"reconstruction": self.reconstruction_term(outputs, images), **terms}

    def begin_training(self, images: Images) -> None:
        if len(images) > 1:
            self.variance.copy_(images.var().clamp(min=1e-6))
        self.bottleneck.begin(self._sites(images))

    def before_step(self, done: float) -> None:
        self.bottleneck.before_step(done)

    def reconstruct(self, images: Images) -> tuple[Tensor, Mapping[str, Tensor]]:
        """What the decoder gives for the images in training, and the bottleneck's terms."""
        sites, terms = self.bottleneck(self._sites(images))
        return self._outputs(sites), terms

    def means(self, outputs: Tensor) -> Tensor:
        """The means of the pixels for what the decoder gives, not cut to [0, 1]."""
        return torch.sigmoid(outputs) if self.likelihood == "bernoulli" else outputs

    def reconstruction_term(self, outputs: Tensor, images: Images) -> Tensor:
        """The reconstruction's share of the loss, per pixel value."""
        nats = reconstruction_loss(self.likelihood, outputs, images) / math.prod(self.image_shape)
        return 2 * nats / self.variance if self.likelihood == "mse" else nats

    @property
    def last_weight(self) -> Tensor:
        """The weights of the decoder's last layer, where an adversary balances its gradient."""
        layers = [m for m in self.decoder.modules() if isinstance(m, nn.ConvTranspose2d)]
        return layers[-1].weight

    def _sites(self, images: Images) -> Sites:
        features: Tensor = self.encoder(images)  # (images, channels, rows, columns)
        return features.flatten(2).transpose(1, 2)

    def _outputs(self, sites: Sites) -> Tensor:
        maps = sites.transpose(1, 2)
        outputs: Tensor = self.decoder(maps.reshape(*maps.shape[:2], *self.grid))
        return outputs
