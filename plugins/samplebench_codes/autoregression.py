"""A fitted autoregressive law of codes, whatever its network."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from samplebench import Form, Latents, LatentSpace
from samplebench.training import Schedule
from samplebench_codes.code_network import CodeNetwork, Recomputed, nats_a_code
from samplebench_codes.codes import Codes, codes_of, latents_of
from samplebench_codes.drawing import uniforms
from samplebench_codes.sharpening import Sharpening

Build = Callable[[LatentSpace], CodeNetwork]
_NUMBERS_AT_A_TIME = 2**26  # 256 MiB of float32
_WEIGHTS = "network."


@dataclass(frozen=True)
class Autoregression:
    """``p(c) = Π_t p(c_t | c_1 … c_{t−1})``, each factor by the network and sharpened."""

    form: Form
    network: CodeNetwork
    sharpening: Sharpening
    found: Mapping[str, float]

    @classmethod
    def learned(
        cls, latents: Latents, build: Build, schedule: Schedule, sharpening: Sharpening
    ) -> "Autoregression":
        """The law of these latents, by maximum likelihood.

        Raises:
            ValueError: there are fewer than two.
        """
        form = Form.of(latents)
        network = build(form.space).to(form.device)
        finish = schedule.train(
            network, lambda codes: {"loss": nats_a_code(network, codes)}, codes_of(latents, form)
        )
        assert finish.held_out is not None  # a schedule always holds some out
        found = {"steps": float(finish.steps), "held_out_nats": finish.held_out}
        return cls(form, network.requires_grad_(False), sharpening, found)

    @classmethod
    def restored(
        cls, space: LatentSpace, state: Mapping[str, Tensor], build: Build, sharpening: Sharpening
    ) -> "Autoregression":
        """The law of which ``state`` was taken."""
        with torch.device("meta"):  # no draws for weights that are replaced
            network = build(space)
        weights = {
            name.removeprefix(_WEIGHTS): tensor
            for name, tensor in state.items()
            if name.startswith(_WEIGHTS)
        }
        network.load_state_dict(weights, assign=True)
        form = Form.restored(space, state)
        return cls(form, network.eval().requires_grad_(False), sharpening, Form.diagnostics(state))

    def state(self) -> Mapping[str, Tensor]:
        """What ``restored`` needs beside settings and space."""
        weights = {_WEIGHTS + name: w for name, w in self.network.state_dict().items()}
        return {**self.form.state(self.found), **weights}

    def sample(self, count: int, *, recompute: bool = False) -> Latents:
        """Draw codes place by place; ``recompute`` for the slow way, with the same draws."""
        space = self.form.space
        places = uniforms(count, space.sites, space.code_width, device=self.form.device)
        codes = [self._drawn(chunk, recompute) for chunk in torch.split(places, self._at_a_time)]
        return latents_of(torch.cat(codes), self.form)

    def log_prob(self, latents: Latents) -> Float[Tensor, " samples"]:
        """The log probability of each latent's codes, in nats."""
        codes = torch.split(codes_of(latents, self.form), self._at_a_time)
        return torch.cat([self._log_prob(chunk) for chunk in codes])

    @property
    def _at_a_time(self) -> int:
        return max(1, _NUMBERS_AT_A_TIME // self.network.numbers)

    @torch.no_grad()
    def _drawn(self, places: Float[Tensor, "samples sites depths"], recompute: bool) -> Codes:
        steps = Recomputed(self.network) if recompute else self.network.steps(len(places))
        codes = torch.zeros_like(places, dtype=torch.int64)
        _, sites, depths = places.shape
        for site in range(sites):
            for depth in range(depths):
                logits = steps.logits(codes, site, depth)
                codes[:, site, depth] = self.sharpening.draw(logits, places[:, site, depth])
        return codes

    @torch.no_grad()
    def _log_prob(self, codes: Codes) -> Float[Tensor, " samples"]:
        total = torch.zeros(len(codes), device=codes.device, dtype=torch.float64)
        for logits, column in zip(self.network(codes), codes.unbind(2), strict=True):
            logs = self.sharpening.log_probabilities(logits)
            total += logs.gather(2, column[..., None]).double().sum((1, 2))
        return total
