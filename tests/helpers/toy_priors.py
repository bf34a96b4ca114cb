"""Samplers of codes with laws simple enough to be seen through."""

from collections.abc import Mapping

import torch
from torch import Tensor

from samplebench import DensitySampler, Discrete, Form, Latents, LatentSpace, Sampler


class Independent(DensitySampler):
    """Draws every code on its own, by the frequencies of the training codes in its place.

    Args:
        added: to every count, so that codes that were never seen are drawn too.
    """

    accepts = (Discrete,)

    def __init__(self, added: float = 0.0) -> None:
        self.added = added

    def fit(self, latents: Latents) -> None:
        self._form = Form.of(latents)
        places = latents.codes.flatten(1).T
        tables = [
            codes.bincount(minlength=choices) + self.added
            for codes, choices in zip(places, self._choices(), strict=True)
        ]
        most = max(self._choices())
        padded = [torch.nn.functional.pad(t.double(), (0, most - len(t))) for t in tables]
        self._law = torch.stack(padded)
        self._law /= self._law.sum(1, keepdim=True)

    def sample(self, count: int) -> Latents:
        if not count:
            return self._form.space.pack(codes=torch.empty(0, len(self._law), dtype=torch.int64))
        return self._form.space.pack(codes=torch.multinomial(self._law, count, True).T)

    def log_prob(self, latents: Latents) -> Tensor:
        codes = latents.codes.flatten(1)
        return self._law.log().T.gather(0, codes).sum(1)

    def diagnostics(self) -> Mapping[str, float]:
        return {"places": float(len(self._law))}

    def state(self) -> Mapping[str, Tensor]:
        return {**self._form.state(), "law": self._law}

    def restore(self, space: LatentSpace, state: Mapping[str, Tensor]) -> None:
        self._form, self._law = Form.restored(space, state), state["law"]

    def _choices(self) -> tuple[int, ...]:
        return self._form.space.code_ranges * self._form.space.sites


class Remembering(Sampler):
    """Draws all codes of a training latent together, and states no probability."""

    accepts = (Discrete,)

    def fit(self, latents: Latents) -> None:
        self._latents = latents.copy()

    def sample(self, count: int) -> Latents:
        return self._latents[torch.randint(len(self._latents), (count,))]
