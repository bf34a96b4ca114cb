"""Training latents drawn again."""

from collections.abc import Mapping

import torch
from torch import Tensor

from samplebench import (
    Continuous,
    Discrete,
    Form,
    Latents,
    LatentSpace,
    Mixture,
    Sampler,
    Sparse,
)


class Resample(Sampler):
    """Draws training latents as they are, with replacement: a yardstick that creates nothing.

    ``p(z) = Σ_i δ(z − z_i) / n``. A sampler that scores as this one does may be copying.
    """

    accepts = (Continuous, Discrete, Mixture, Sparse)
    control = True

    def fit(self, latents: Latents) -> None:
        self._form = Form.of(latents)
        self._latents = latents.copy()

    def sample(self, count: int) -> Latents:
        return self._latents[torch.randint(len(self._latents), (count,), device=self._form.device)]

    def state(self) -> Mapping[str, Tensor]:
        own = {"values": self._latents.values, "codes": self._latents.codes}
        return {**self._form.state(), **own}

    def restore(self, space: LatentSpace, state: Mapping[str, Tensor]) -> None:
        self._form = Form.restored(space, state)
        self._latents = Latents(space, state["values"], state["codes"])
