"""Autoencoders: from samples to latents and back."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import final

from torch import Tensor, nn

from samplebench.contracts.dataset import Samples
from samplebench.contracts.description import describe_settings
from samplebench.contracts.latents import Latents, LatentSpace


class Autoencoder(nn.Module, ABC):
    """A network with a bottleneck. Factory: ``factory(shape, **settings)``.

    ``shape`` is that of one sample: ``(channels, height, width)`` of images, any other of arrays.
    A factory that does not take it raises ``ValueError`` with the reason, as ``require_image``
    does.
    """

    latent_space: LatentSpace
    """The space of its latents, known once the autoencoder is built, before training."""

    draws_latents: bool = False
    """True if ``encode`` draws at random in evaluation mode, because a setting asks for draws."""

    trained: bool = False
    """True if it is complete once it is built: it loads weights of its own, or needs none.

    It is then never trained here, and takes no ``--checkpoint``. Two that are built with the same
    settings have the same weights, whatever the seed.
    """

    def __repr__(self) -> str:
        weights = sum(weight.numel() for weight in self.parameters())
        return f"{describe_settings(self)} to {self.latent_space}, {weights:,} weights"

    @abstractmethod
    def encode(self, samples: Samples) -> Latents:
        """Encode samples as latents: images in [0, 1], or arrays as they are.

        Deterministic in evaluation mode, where a VAE returns posterior means, unless
        ``draws_latents``.
        """

    @abstractmethod
    def decode(self, latents: Latents) -> Samples:
        """Decode latents into samples: floats, one for each latent, on its device.

        Images are in [0, 1]; arrays are finite.
        """

    def loss_terms(self, samples: Samples) -> Mapping[str, Tensor]:
        """Compute the named scalars whose sum is the training loss; each is displayed.

        Updates that do not follow gradients, such as moving averages or the replacement of unused
        codes, happen here, and only in training mode. An autoencoder without this method cannot be
        trained here: its weights are given with ``--checkpoint``, or it is ``trained``.

        Raises:
            NotImplementedError: this autoencoder has no ``loss_terms``.
        """
        raise NotImplementedError(
            f"{type(self).__name__} has no `loss_terms`: it cannot be trained here"
        )

    @final
    def training_objection(self) -> str | None:
        """Return the reason why it cannot be trained here, or ``None``."""
        if self.trained:
            return "is not trained here: it is complete once it is built"
        if type(self).loss_terms is Autoencoder.loss_terms:
            return "cannot be trained here: give its weights with --checkpoint"
        return None

    def begin_training(self, samples: Samples) -> None:
        """Initialise what depends on data, such as a codebook.

        Called once before the first step, in training mode and without gradients. ``samples``
        are some of the training samples.
        """

    def before_step(self, done: float) -> None:
        """Advance schedules, such as an annealed temperature or a delayed critic.

        Called before each step. ``done`` is the fraction of training that is over, in [0, 1).
        """


class AdversarialAutoencoder(Autoencoder):
    """An autoencoder trained against a critic.

    In each step the autoencoder is updated first, then the critic. The critic's parameters belong
    to the critic's optimiser alone.
    """

    @abstractmethod
    def critic_parameters(self) -> Iterable[nn.Parameter]:
        """Return the parameters that ``critic_loss`` trains and ``loss_terms`` does not."""

    @abstractmethod
    def critic_loss(self, samples: Samples) -> Tensor:
        """Compute the scalar that the critic minimises."""
