"""Training latents drawn again."""

import torch

from samplebench import Continuous, Discrete, Latents, Mixture, Sampler, Sparse
from samplebench_density.form import Form


class Resample(Sampler):
    """Draws training latents as they are, with replacement: a yardstick that creates nothing.

    ``p(z) = Σ_i δ(z − z_i) / n``. A sampler that scores as this one does may be copying.
    """

    accepts = (Continuous, Discrete, Mixture, Sparse)
    control = True

    def fit(self, latents: Latents) -> None:
        self._form = Form.of(latents)
        self._latents = Latents(latents.space, latents.values.clone(), latents.codes.clone())

    def sample(self, count: int) -> Latents:
        return self._latents[torch.randint(len(self._latents), (count,), device=self._form.device)]
