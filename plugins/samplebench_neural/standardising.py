"""Latents as networks like them: each dimension with mean 0 and standard deviation 1."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float, Float32
from torch import Tensor

_STILL = 1e-3
"""The deviation of a dimension that never varies, as a share of the others'."""


@dataclass(frozen=True, eq=False)
class Standardising:
    """``y_j = (z_j − m_j) / s_j``: mean and standard deviation of each dimension, in float64.

    A dimension that never varies has no density, and no network could learn one. It is taken to
    vary by ``10⁻³ √(Σ_j s_j² / D)``, as if by noise, independently of all others.
    """

    means: Float[Tensor, " D"]
    deviations: Float[Tensor, " D"]

    @classmethod
    def of(cls, vectors: Float[Tensor, "n D"]) -> "Standardising":
        """What standardises these vectors.

        Raises:
            ValueError: they are all equal.
        """
        still = _still(vectors)
        if still.all():
            raise ValueError(
                f"all {len(vectors)} latents are equal: there is no law to learn; "
                "see whether the autoencoder that made them has collapsed"
            )
        means = vectors.mean(0, dtype=torch.float64)
        variances = (vectors - means).square_().mean(0).masked_fill_(still, 0.0)
        small = _STILL * variances.mean().sqrt()
        return cls(means, torch.where(still, small, variances.sqrt()))

    def learnable(self, vectors: Float[Tensor, "n D"]) -> Float32[Tensor, "n D"]:
        """The vectors that this standardises, and noise in the dimensions that never vary."""
        standardised = self(vectors)
        return torch.where(_still(vectors), torch.randn_like(standardised), standardised)

    def __call__(self, vectors: Float[Tensor, "n D"]) -> Float32[Tensor, "n D"]:
        return ((vectors - self.means) / self.deviations).float()

    def undone(self, vectors: Float[Tensor, "n D"]) -> Float[Tensor, "n D"]:
        """Standardised vectors in their own units again."""
        return torch.addcmul(self.means, self.deviations, vectors.double())

    @property
    def log_volume(self) -> Float[Tensor, ""]:
        """``Σ_j log s_j``: by how much a density is lower in the latents' own units, in nats."""
        return self.deviations.log().sum()

    def state(self) -> Mapping[str, Tensor]:
        """What ``restored`` needs."""
        return {"means": self.means, "deviations": self.deviations}

    @classmethod
    def restored(cls, state: Mapping[str, Tensor]) -> "Standardising":
        """That of which ``state`` was taken."""
        return cls(state["means"], state["deviations"])


def _still(vectors: Float[Tensor, "n D"]) -> Tensor:
    """Which dimensions never vary, (D,). By equality: a mean of equal numbers may be rounded."""
    return vectors.amin(0) == vectors.amax(0)
