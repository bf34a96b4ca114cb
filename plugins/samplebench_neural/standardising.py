"""Standardised latents for networks: each dimension has mean 0 and standard deviation 1."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float, Float32
from torch import Tensor

_STILL = 1e-3
"""The std of a dimension that never varies, as a share of the others'."""


@dataclass(frozen=True, eq=False)
class Standardising:
    """``y_j = (z_j − m_j) / s_j``: mean and standard deviation of each dimension, in float64.

    A dimension that never varies has no density, and no network could learn one. It is treated as
    if it varied by ``10⁻³ √(Σ_j s_j² / D)``, like noise, independently of all others.
    """

    means: Float[Tensor, " D"]
    std: Float[Tensor, " D"]

    @classmethod
    def of(cls, vectors: Float[Tensor, "n D"]) -> "Standardising":
        """Find the means and stds of these vectors.

        Raises:
            ValueError: they are all equal.
        """
        still = _still(vectors)
        if still.all():
            raise ValueError(
                f"all {len(vectors)} latents are equal: there is no distribution to learn; "
                "check whether the autoencoder that made them has collapsed"
            )
        means = vectors.mean(0, dtype=torch.float64)
        variances = (vectors - means).square_().mean(0).masked_fill_(still, 0.0)
        small = _STILL * variances.mean().sqrt()
        return cls(means, torch.where(still, small, variances.sqrt()))

    def make_learnable(self, vectors: Float[Tensor, "n D"]) -> Float32[Tensor, "n D"]:
        """Standardise the vectors, and put noise into the dimensions that never vary."""
        standardised = self(vectors)
        return torch.where(_still(vectors), torch.randn_like(standardised), standardised)

    def __call__(self, vectors: Float[Tensor, "n D"]) -> Float32[Tensor, "n D"]:
        return ((vectors - self.means) / self.std).float()

    def undo(self, vectors: Float[Tensor, "n D"]) -> Float[Tensor, "n D"]:
        """Convert standardised vectors back to the latents' own units."""
        return torch.addcmul(self.means, self.std, vectors.double())

    @property
    def log_volume(self) -> Float[Tensor, ""]:
        """``Σ_j log s_j``, by which a log density is lower in the latents' own units, in nats."""
        return self.std.log().sum()

    def state(self) -> Mapping[str, Tensor]:
        """The tensors that ``from_state`` takes."""
        return {"means": self.means, "deviations": self.std}

    @classmethod
    def from_state(cls, state: Mapping[str, Tensor]) -> "Standardising":
        """The means and stds that gave ``state``."""
        return cls(state["means"], state["deviations"])


def _still(vectors: Float[Tensor, "n D"]) -> Tensor:
    """A mask of the dimensions that never vary, (D,); their rounded std may not be exactly 0."""
    return vectors.amin(0) == vectors.amax(0)
