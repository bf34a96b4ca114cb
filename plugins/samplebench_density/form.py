"""What a fit remembers of its latents besides their law."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from samplebench import Latents, LatentSpace


@dataclass(frozen=True)
class Form:
    """The space, device and type that samples take after the latents they were learned from."""

    space: LatentSpace
    device: torch.device
    dtype: torch.dtype

    @classmethod
    def of(cls, latents: Latents) -> "Form":
        """The form of these latents.

        Raises:
            ValueError: there are none.
        """
        if len(latents) == 0:
            raise ValueError("a sampler needs at least one latent to learn from")
        return cls(latents.space, latents.device, latents.values.dtype)

    @property
    def dimensions(self) -> int:
        """Reals in one latent, all sites together."""
        return self.space.sites * self.space.value_width

    @property
    def precision(self) -> torch.dtype:
        """The type to compute in: that of the latents, or float32 where theirs is shorter."""
        return torch.promote_types(self.dtype, torch.float32)

    def vectors(self, latents: Latents) -> Float[Tensor, "samples D"]:
        """Latents of this space as vectors, on this device; they may share the latents' memory.

        Raises:
            ValueError: they are of another space.
        """
        if latents.space != self.space:
            raise ValueError(f"fitted to latents of {self.space}, asked about {latents.space}")
        return latents.values.flatten(1).to(self.device, self.precision)

    def latents(self, vectors: Float[Tensor, "samples D"]) -> Latents:
        """Vectors as latents of this form."""
        return self.space.pack(values=vectors.to(self.dtype))
