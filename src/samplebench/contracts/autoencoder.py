"""Autoencoders: images to latents and back."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping

from torch import Tensor, nn

from samplebench.contracts.dataset import Images
from samplebench.contracts.latents import Latents, LatentSpace


class Autoencoder(nn.Module, ABC):
    """A network with a bottleneck. Factory: ``factory(image_shape, **settings)``."""

    latent_space: LatentSpace
    """Known as soon as the autoencoder is built, before training."""

    @abstractmethod
    def encode(self, images: Images) -> Latents:
        """The latents of images in [0, 1].

        Deterministic in evaluation mode: a VAE gives posterior means.
        """

    @abstractmethod
    def decode(self, latents: Latents) -> Images:
        """Images in [0, 1]."""

    @abstractmethod
    def loss_terms(self, images: Images) -> Mapping[str, Tensor]:
        """The named scalars whose sum training minimises; each is shown while training runs.

        Where training changes more than gradients do (moving averages, codes that nobody uses),
        it happens here, and only in training mode.
        """

    def begin_training(self, images: Images) -> None:
        """Told once before the first step, in training mode and without gradients.

        ``images`` are some of those to come: a codebook starts from them.
        """

    def before_step(self, done: float) -> None:
        """Told before each step the share of training that is over, in [0, 1).

        Schedules follow it: a temperature that falls, a critic that is heard from some point on.
        """


class AdversarialAutoencoder(Autoencoder):
    """An autoencoder that trains against a critic, in turns: first its own step, then the
    critic's.

    The critic's parameters belong to the critic's optimiser alone.
    """

    @abstractmethod
    def critic_parameters(self) -> Iterable[nn.Parameter]:
        """The parameters that ``critic_loss`` trains and ``loss_terms`` does not."""

    @abstractmethod
    def critic_loss(self, images: Images) -> Tensor:
        """The scalar that the critic minimises."""
