"""Samplers: distributions over latents, fitted and sampled."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, final

from jaxtyping import Float
from torch import Tensor

from samplebench.contracts.description import describe_settings
from samplebench.contracts.latents import Latents, LatentSpace


class Sampler(ABC):
    """A distribution that is fitted to latents and sampled. Factory: ``factory(**settings)``.

    Every setting has a default. A sampler sees latents and nothing else: no image, no autoencoder,
    no label. It works on the device of its latents.
    """

    accepts: ClassVar[tuple[type[LatentSpace], ...]]
    """The kinds of latent space that it can learn."""

    control: ClassVar[bool] = False
    """True for a baseline that does not compete: shown as a reference row, never in bold."""

    @abstractmethod
    def fit(self, latents: Latents) -> None:
        """Learn from latents, without changing them. An earlier fit is forgotten."""

    @abstractmethod
    def sample(self, count: int) -> Latents:
        """Draw ``count`` latents of the fitted space, on the device of the fit.

        Sampling changes nothing in the sampler.
        """

    def __repr__(self) -> str:
        return describe_settings(self)

    def refuses(self, space: LatentSpace) -> str | None:
        """Return the reason for refusing a space of an accepted kind, or ``None``.

        For example: ``"needs a 2-d grid"``.
        """
        return None

    def diagnostics(self) -> Mapping[str, float]:
        """Return numbers about the fit for the reader of its record, by name."""
        return {}

    def state(self) -> Mapping[str, Tensor]:
        """Return the fit as named tensors, from which ``restore`` rebuilds it.

        Settings are saved apart. A sampler without ``state`` and ``restore`` cannot be saved, and
        works otherwise.

        Raises:
            NotImplementedError: this sampler has no ``state``.
        """
        raise NotImplementedError(f"{type(self).__name__} has no `state`, and cannot be saved")

    def restore(self, space: LatentSpace, state: Mapping[str, Tensor]) -> None:
        """Restore an earlier fit to latents of ``space``, on the device of the tensors.

        The sampler owns the tensors from then on.

        Raises:
            NotImplementedError: this sampler has no ``restore``.
        """
        raise NotImplementedError(f"{type(self).__name__} has no `restore`, and cannot be loaded")

    @final
    def objection(self, space: LatentSpace) -> str | None:
        """Return the reason for refusing this space, or ``None``; asked before any work starts.

        The kind of space is compared first, then ``refuses`` is asked.
        """
        if not isinstance(space, self.accepts):
            kinds = " or ".join(kind.__name__.lower() for kind in self.accepts)
            return f"takes {kinds} latents, these are {space.kind}"
        return self.refuses(space)


class DensitySampler(Sampler):
    """A sampler whose distribution has a density that can be evaluated."""

    @abstractmethod
    def log_prob(self, latents: Latents) -> Float[Tensor, " samples"]:
        """Compute the log density of each latent, in nats; for codes, the log probability."""

    def no_density(self, space: LatentSpace) -> str | None:
        """Return the reason that the density cannot be evaluated on this space, or ``None``.

        Samples can be drawn in either case.
        """
        return None
