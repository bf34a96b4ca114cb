"""Autoencoders on feature maps: one network, one loss, any bottleneck."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from samplebench.contracts.autoencoder import Autoencoder
from samplebench.contracts.dataset import Images, Shape, require_image
from samplebench.contracts.latents import Latents, LatentSpace
from samplebench.networks.likelihoods import Likelihood, reconstruction_loss
from samplebench.networks.maps import map_decoder, map_encoder, map_sizes

Sites = Float[Tensor, "images positions reals"]
"""The encoder's output at each position of the grid, row by row: one real per channel."""


class Coded(NamedTuple):
    """Values (images, positions, value_width) and codes (images, positions, code_width).

    A part that the space does not have is ``None``.
    """

    values: Tensor | None = None
    codes: Tensor | None = None


class Bottleneck(nn.Module, ABC):
    """The layer between encoder and decoder. It codes every site independently."""

    channels: int
    """The number of reals at a site, before and after the bottleneck."""

    @abstractmethod
    def space(self, grid: tuple[int, ...]) -> LatentSpace:
        """Return the space of latents for a grid of sites."""

    @abstractmethod
    def encode(self, sites: Sites) -> Coded:
        """Encode sites; deterministic in evaluation mode."""

    @abstractmethod
    def decode(self, latents: Latents) -> Sites:
        """Decode latents of this space into sites, the input of the decoder."""

    @abstractmethod
    def forward(self, sites: Sites) -> tuple[Sites, Mapping[str, Tensor]]:
        """Return the sites for the decoder and the bottleneck's loss terms, in training.

        Gradients reach the encoder through both. A term is a scalar on the scale of a
        reconstruction error per pixel value: a mean over sites and channels, nats per image
        divided by the number of pixel values, or nats per site times the method's own weight.
        """

    def begin(self, sites: Sites) -> None:
        """Initialise from some training sites; called once before training, without gradients."""

    def before_step(self, done: float) -> None:
        """Advance schedules; ``done`` is the fraction of training that is over, in [0, 1)."""


@final
class BottleneckAutoencoder(Autoencoder):
    """The network of VQ-VAE around a bottleneck.

    ``L = R(x, D(b(E(x)))) + the bottleneck's terms``, all per pixel value. For ``mse``, R is the
    mean squared error divided by the variance of the training images' pixels; otherwise
    ``−log p(x | z)`` in nats divided by the number of pixel values. The decoder outputs the means
    of pixels, which ``decode`` clips to [0, 1]; for ``bernoulli`` it outputs logits.

    Args:
        shape: channels, height, width.
        bottleneck: the layer that codes the sites.
        width: channels of the widest layers.
        halvings: number of downsamplings by 2: sites are 2^halvings pixels apart.
        likelihood: the distribution of pixels, which defines the reconstruction error.

    Raises:
        ValueError: the samples are no images, or too small ones.
    """

    variance: Tensor

    def __init__(
        self,
        shape: Shape,
        bottleneck: Bottleneck,
        width: int = 128,
        halvings: int = 2,
        likelihood: Likelihood = "mse",
    ) -> None:
        super().__init__()
        self.shape, self.likelihood = require_image(shape), likelihood
        self.grid = map_sizes(self.shape, halvings)[-1]
        self.bottleneck = bottleneck
        self.latent_space = bottleneck.space(self.grid)
        sizes = {"channels": bottleneck.channels, "width": width, "halvings": halvings}
        self.encoder = map_encoder(self.shape, **sizes)
        self.decoder = map_decoder(self.shape, **sizes)
        self.register_buffer("variance", torch.ones(()))

    def encode(self, images: Images) -> Latents:
        coded = self.bottleneck.encode(self.encode_sites(images))
        return self.latent_space.pack(values=coded.values, codes=coded.codes)

    def decode(self, latents: Latents) -> Images:
        return self.means(self._decode_sites(self.bottleneck.decode(latents))).clamp(0, 1)

    def loss_terms(self, images: Images) -> Mapping[str, Tensor]:
        outputs, terms = self.reconstruct(images)
        return {"reconstruction": self.reconstruction_term(outputs, images), **terms}

    def begin_training(self, images: Images) -> None:
        if len(images) > 1:
            self.variance.copy_(images.var().clamp(min=1e-6))
        self.bottleneck.begin(self.encode_sites(images))

    def before_step(self, done: float) -> None:
        self.bottleneck.before_step(done)

    def encode_sites(self, images: Images) -> Sites:
        """Compute the encoder's output at each position, the input of the bottleneck."""
        features: Tensor = self.encoder(images)  # (images, channels, rows, columns)
        return features.flatten(2).transpose(1, 2)

    def reconstruct(self, images: Images) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Compute the decoder's outputs for images in training, and the bottleneck's terms."""
        sites, terms = self.bottleneck(self.encode_sites(images))
        return self._decode_sites(sites), terms

    def means(self, outputs: Tensor) -> Tensor:
        """Convert the decoder's outputs into the means of pixels, not clipped to [0, 1]."""
        return torch.sigmoid(outputs) if self.likelihood == "bernoulli" else outputs

    def reconstruction_term(self, outputs: Tensor, images: Images) -> Tensor:
        """Compute the reconstruction term of the loss, per pixel value."""
        nats = reconstruction_loss(self.likelihood, outputs, images) / math.prod(self.shape)
        return 2 * nats / self.variance if self.likelihood == "mse" else nats

    @property
    def last_weight(self) -> Tensor:
        """The weights of the decoder's last layer, at which gradients of a critic are balanced."""
        layers = [m for m in self.decoder.modules() if isinstance(m, nn.ConvTranspose2d)]
        return layers[-1].weight

    def _decode_sites(self, sites: Sites) -> Tensor:
        maps = sites.transpose(1, 2)
        outputs: Tensor = self.decoder(maps.reshape(*maps.shape[:2], *self.grid))
        return outputs
