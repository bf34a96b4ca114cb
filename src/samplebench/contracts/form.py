"""What a fit remembers of its latents besides their law."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from samplebench.contracts.latents import Latents, LatentSpace

_FOUND = "found."


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

    def state(self, found: Mapping[str, float] | None = None) -> Mapping[str, Tensor]:
        """What ``restored`` and ``found`` need beside the space, for ``Sampler.state``.

        Args:
            found: diagnostics of the fit, to come back to the last bit.
        """
        numbers = {
            f"{_FOUND}{name}": torch.tensor(number, dtype=torch.float64, device=self.device)
            for name, number in (found or {}).items()
        }
        return {"form": torch.empty(0, device=self.device, dtype=self.dtype), **numbers}

    @staticmethod
    def found(state: Mapping[str, Tensor]) -> dict[str, float]:
        """The diagnostics that ``state`` was given."""
        return {
            name.removeprefix(_FOUND): float(number)
            for name, number in state.items()
            if name.startswith(_FOUND)
        }

    @classmethod
    def restored(cls, space: LatentSpace, state: Mapping[str, Tensor]) -> "Form":
        """The form of which ``state`` was taken, on the device of the tensors."""
        return cls(space, state["form"].device, state["form"].dtype)

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
        return latents.values.detach().flatten(1).to(self.device, self.precision)

    def latents(self, vectors: Float[Tensor, "samples D"]) -> Latents:
        """Vectors as latents of this form."""
        return self.space.pack(values=vectors.to(self.dtype))
