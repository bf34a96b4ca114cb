"""Samplers: latents in, new latents out."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, final

from jaxtyping import Float
from torch import Tensor

from samplebench.contracts.latents import Latents, LatentSpace


class Sampler(ABC):
    """Learns a law from latents and draws from it. Factory: ``factory(**settings)``, each with a
    default.

    A sampler sees latents and nothing else: no image, no autoencoder, no label. It works on the
    device that its latents are on.
    """

    accepts: ClassVar[tuple[type[LatentSpace], ...]]
    """The kinds of space it can learn."""

    control: ClassVar[bool] = False
    """True for a yardstick that is no contender: shown among the reference rows, never in bold."""

    @abstractmethod
    def fit(self, latents: Latents) -> None:
        """Learn from latents, forgetting any earlier fit. Does not change them."""

    @abstractmethod
    def sample(self, count: int) -> Latents:
        """``count`` new latents of the fitted space, on the fitted device.

        Changes nothing in the sampler.
        """

    def refuses(self, space: LatentSpace) -> str | None:
        """Why this space cannot be learned though its kind is accepted, or ``None``:

        "needs a 2-d grid".
        """
        return None

    def diagnostics(self) -> Mapping[str, float]:
        """Numbers about the fit that a reader of its record should know, by name."""
        return {}

    def state(self) -> Mapping[str, Tensor]:
        """All that the fit learned, as named tensors: what ``restore`` needs beside the settings.

        A sampler that has neither of the two cannot be saved, and works in every other way.

        Raises:
            NotImplementedError: this sampler does not say.
        """
        raise NotImplementedError(f"{type(self).__name__} has no `state`, and cannot be saved")

    def restore(self, space: LatentSpace, state: Mapping[str, Tensor]) -> None:
        """Take up an earlier fit to latents of ``space`` instead of fitting; on the device of the
        tensors, which are this sampler's own from here on.
        """
        raise NotImplementedError(f"{type(self).__name__} has no `restore`, and cannot be loaded")

    @final
    def objection(self, space: LatentSpace) -> str | None:
        """What the harness asks before any work: kind first, then ``refuses``."""
        if not isinstance(space, self.accepts):
            kinds = " or ".join(kind.__name__.lower() for kind in self.accepts)
            return f"takes {kinds} latents, these are {space.kind}"
        return self.refuses(space)


class DensitySampler(Sampler):
    """A sampler whose law has a density that can be evaluated."""

    @abstractmethod
    def log_prob(self, latents: Latents) -> Float[Tensor, " samples"]:
        """The log density of each latent, in nats; of codes their log probability."""

    def no_density(self, space: LatentSpace) -> str | None:
        """Why the density cannot be evaluated on this space though samples can be drawn, or
        ``None``.
        """
        return None
