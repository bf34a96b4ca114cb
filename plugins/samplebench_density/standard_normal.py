"""The standard normal."""

import math
from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor

from samplebench import Continuous, DensitySampler, Form, Latents, LatentSpace


class StandardNormal(DensitySampler):
    """Draws from N(0, I) whatever the latents: the prior of a VAE, taken at its word.

    ``log p(z) = −|z|² / 2 − D / 2 · log 2π`` for latents of D reals. A fit remembers nothing of
    the latents but their space, device and type.
    """

    accepts = (Continuous,)

    def fit(self, latents: Latents) -> None:
        self._form = Form.of(latents)

    def sample(self, count: int) -> Latents:
        form = self._form
        return form.latents(
            torch.randn(count, form.dimensions, device=form.device, dtype=form.precision)
        )

    def log_prob(self, latents: Latents) -> Float[Tensor, " samples"]:
        squares = self._form.vectors(latents).double().square().sum(1)
        return -0.5 * (squares + self._form.dimensions * math.log(2 * math.pi))

    def state(self) -> Mapping[str, Tensor]:
        return self._form.state()

    def restore(self, space: LatentSpace, state: Mapping[str, Tensor]) -> None:
        self._form = Form.restored(space, state)
