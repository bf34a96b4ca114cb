"""The form of the latents that a sampler was fitted to: space, device and type."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from samplebench.contracts.latents import Latents, LatentSpace

_DIAGNOSTIC = "found."  # the prefix in saved files


@dataclass(frozen=True)
class Form:
    """The space, device and type of the fitted latents, which samples share."""

    space: LatentSpace
    device: torch.device
    dtype: torch.dtype

    @classmethod
    def of(cls, latents: Latents) -> "Form":
        """Take the form of a batch.

        Raises:
            ValueError: the batch is empty.
        """
        if len(latents) == 0:
            raise ValueError("a sampler needs at least one latent to learn from")
        return cls(latents.space, latents.device, latents.values.dtype)

    def state(self, diagnostics: Mapping[str, float] | None = None) -> Mapping[str, Tensor]:
        """Return named tensors for ``Sampler.state``; ``restored`` and ``diagnostics`` read them.

        Args:
            diagnostics: numbers about the fit, which are restored bit for bit.
        """
        numbers = {
            f"{_DIAGNOSTIC}{name}": torch.tensor(number, dtype=torch.float64, device=self.device)
            for name, number in (diagnostics or {}).items()
        }
        return {"form": torch.empty(0, device=self.device, dtype=self.dtype), **numbers}

    @staticmethod
    def diagnostics(state: Mapping[str, Tensor]) -> dict[str, float]:
        """Read the diagnostics that were passed to ``state``."""
        return {
            name.removeprefix(_DIAGNOSTIC): float(number)
            for name, number in state.items()
            if name.startswith(_DIAGNOSTIC)
        }

    @classmethod
    def restored(cls, space: LatentSpace, state: Mapping[str, Tensor]) -> "Form":
        """Restore the form from ``state``, on the device of the tensors."""
        return cls(space, state["form"].device, state["form"].dtype)

    @property
    def dimensions(self) -> int:
        """The number of reals in one latent, over all sites."""
        return self.space.sites * self.space.value_width

    @property
    def precision(self) -> torch.dtype:
        """The type to compute in: the type of the latents, and at least float32."""
        return torch.promote_types(self.dtype, torch.float32)

    def vectors(self, latents: Latents) -> Float[Tensor, "samples D"]:
        """Flatten latents to vectors on this device; the two may share memory.

        Raises:
            ValueError: the latents belong to another space.
        """
        if latents.space != self.space:
            raise ValueError(f"fitted to latents of {self.space}, asked about {latents.space}")
        return latents.values.detach().flatten(1).to(self.device, self.precision)

    def latents(self, vectors: Float[Tensor, "samples D"]) -> Latents:
        """Pack vectors into latents of this form."""
        return self.space.pack(values=vectors.to(self.dtype))
