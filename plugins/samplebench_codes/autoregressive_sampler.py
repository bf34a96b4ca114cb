"""The base of samplers that draw codes one by one, by a network trained on the codes."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from samplebench import DensitySampler, Discrete, Form, Latents, LatentSpace
from samplebench.training import Budget, Schedule
from samplebench_codes.code_network import CodeNetwork, RecomputedSteps, mean_nats
from samplebench_codes.codes import Codes, extract_codes, pack_codes
from samplebench_codes.drawing import draw_uniform
from samplebench_codes.sharpening import Sharpening

_NUMBERS_AT_A_TIME = 2**26  # 256 MiB of float32
_WEIGHTS = "network."
MOST_CODES = 2**18
"""Codes of one codebook: tables of weights and logits have an entry for each."""


class AutoregressiveSampler(DensitySampler):
    """``p(c) = Π_t p(c_t | c_1 … c_{t−1})``, each factor from a network and then sharpened.

    Codes are one sequence, sites in raster order and at a site by depth. The network is trained by
    maximum likelihood; training keeps the weights with the lowest loss on held-out latents.
    """

    accepts = (Discrete,)

    def __init__(
        self,
        *,
        epochs: int,
        batch: int,
        learning_rate: float,
        held_out: float,
        patience: int,
        temperature: float,
        top_k: int | None,
    ) -> None:
        budget = Budget(epochs=epochs, batch=batch, learning_rate=learning_rate)
        self._schedule = Schedule(budget, held_out, patience)
        self._sharpening = Sharpening(temperature, top_k)
        self.epochs = epochs
        self.batch = batch
        self.learning_rate = learning_rate
        self.held_out = held_out
        self.patience = patience
        self.temperature = temperature
        self.top_k = top_k

    def refuses(self, space: LatentSpace) -> str | None:
        most = max(space.code_ranges)
        if most <= MOST_CODES:
            return None
        return f"learns vectors for at most {MOST_CODES:,} codes, and a codebook has {most:,}"

    @abstractmethod
    def build_network(self, space: LatentSpace) -> CodeNetwork:
        """Build the untrained network for codes of this space."""

    @final
    def fit(self, latents: Latents) -> None:
        """Train the network.

        Raises:
            ValueError: there are fewer than two latents, or they are of a space that it does not
                take.
        """
        form = Form.of(latents)
        if objection := self.objection(form.space):
            raise ValueError(
                f"{type(self).__name__} cannot learn latents of {form.space}: it {objection}"
            )
        network = self.build_network(form.space).to(form.device)
        finish = self._schedule.train(
            network,
            lambda codes: {"loss": mean_nats(network, codes)},
            extract_codes(latents, form),
        )
        assert finish.held_out is not None  # a schedule always holds some out
        self._form, self._network = form, network.requires_grad_(False)
        self._diagnostics = {"steps": float(finish.steps), "held_out_nats": finish.held_out}

    @final
    def sample(self, count: int) -> Latents:
        return self._sample(count, recompute=False)

    @final
    def sample_without_cache(self, count: int) -> Latents:
        """Draw the same as ``sample``, but compute everything anew at each place, to compare."""
        return self._sample(count, recompute=True)

    @final
    def log_prob(self, latents: Latents) -> Float[Tensor, " samples"]:
        codes = torch.split(extract_codes(latents, self._form), self._at_a_time)
        return torch.cat([self._log_prob(chunk) for chunk in codes])

    @final
    def diagnostics(self) -> Mapping[str, float]:
        """Training steps; the loss on held-out latents, in nats a code at temperature 1."""
        return self._diagnostics

    @final
    def state(self) -> Mapping[str, Tensor]:
        weights = {_WEIGHTS + name: w for name, w in self._network.state_dict().items()}
        return {**self._form.state(self._diagnostics), **weights}

    @final
    def restore(self, space: LatentSpace, state: Mapping[str, Tensor]) -> None:
        with torch.device("meta"):  # no draws for weights that are replaced
            network = self.build_network(space)
        weights = {
            name.removeprefix(_WEIGHTS): tensor
            for name, tensor in state.items()
            if name.startswith(_WEIGHTS)
        }
        network.load_state_dict(weights, assign=True)
        self._form, self._network = Form.restored(space, state), network.eval()
        self._network.requires_grad_(False)
        self._diagnostics = Form.diagnostics(state)

    @property
    def _at_a_time(self) -> int:
        return max(1, _NUMBERS_AT_A_TIME // self._network.numbers_a_sample)

    def _sample(self, count: int, *, recompute: bool) -> Latents:
        space = self._form.space
        places = draw_uniform(count, space.sites, space.code_width, device=self._form.device)
        chunks = torch.split(places, self._at_a_time)
        return pack_codes(
            torch.cat([self._draw(chunk, recompute) for chunk in chunks]), self._form
        )

    @torch.no_grad()
    def _draw(self, places: Float[Tensor, "samples sites depths"], recompute: bool) -> Codes:
        """Draw the codes place by place, each by one of these uniform draws."""
        network = self._network
        steps = RecomputedSteps(network) if recompute else network.step_through(len(places))
        codes = torch.zeros_like(places, dtype=torch.int64)
        _, sites, depths = places.shape
        for site in range(sites):
            for depth in range(depths):
                logits = steps.logits(codes, site=site, depth=depth)
                codes[:, site, depth] = self._sharpening.draw(logits, places[:, site, depth])
        return codes

    @torch.no_grad()
    def _log_prob(self, codes: Codes) -> Float[Tensor, " samples"]:
        total = torch.zeros(len(codes), device=codes.device, dtype=torch.float64)
        for logits, column in zip(self._network(codes), codes.unbind(2), strict=True):
            logs = self._sharpening.log_probabilities(logits)
            total += logs.gather(2, column[..., None]).double().sum((1, 2))
        return total
