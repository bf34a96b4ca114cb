"""The models that all samplers here train on standardised latents; their training and state."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from samplebench import Form, Latents, LatentSpace
from samplebench.training import Budget, Finish, Schedule
from samplebench_neural.standardising import Standardising

Vectors = Float[Tensor, "samples D"]
"""Standardised latents; a grid of sites as one vector."""


class Model(nn.Module, ABC):
    """A trainable distribution of standardised latents that is a map of noise."""

    width: int
    """The approximate count of numbers held in memory to draw one vector."""

    @abstractmethod
    def loss(self, vectors: Vectors) -> Mapping[str, Tensor]:
        """Compute the terms that training minimises, as means over the vectors, by name."""

    @abstractmethod
    def transform(self, noise: Vectors) -> Vectors:
        """Map each row of standard normal noise to one draw."""


class DensityModel(Model):
    """A model whose density can be evaluated."""

    density_width: int
    """The approximate count of numbers held in memory for the density of one vector."""

    @abstractmethod
    def log_prob(self, vectors: Vectors) -> Float[Tensor, " samples"]:
        """Compute the log density of each vector, in nats."""


def build_schedule(
    *, steps: int, batch: int, learning_rate: float, held_out: float, patience: int
) -> Schedule:
    """Build a schedule whose learning rate falls to 0 by half a cosine over all steps.

    Raises:
        ValueError: a number is out of range; the message names it.
    """
    budget = Budget(steps=steps, batch=batch, learning_rate=learning_rate, decay="cosine")
    return Schedule(budget, held_out, patience)


ModelT = TypeVar("ModelT", bound=Model)
DensityModelT = TypeVar("DensityModelT", bound=DensityModel)


@dataclass(frozen=True, eq=False)
class Learned(Generic[ModelT]):
    """A trained model, the map between its vectors and latents, and the end of its training."""

    form: Form
    standardising: Standardising
    model: ModelT
    finish: Finish

    @property
    def held_out(self) -> float:
        """The mean loss of a held-out latent."""
        assert self.finish.held_out is not None  # a schedule always holds some out
        return self.finish.held_out

    @property
    def diagnostics(self) -> Mapping[str, float]:
        """Steps of training; 1 if held-out latents ended it before the last step, else 0."""
        return {
            "training_steps": float(self.finish.steps),
            "stopped_early": float(self.finish.stopped_early),
        }

    @torch.no_grad()
    def sample(self, count: int) -> Latents:
        """Draw latents, in chunks, so that memory other than theirs does not grow."""
        form, dimensions = self.form, self.form.dimensions
        values = torch.empty(count, dimensions, device=form.device, dtype=form.dtype)
        for chunk in _split(values, self.model.width):
            noise = torch.randn(len(chunk), dimensions, device=form.device)
            chunk.copy_(self.standardising.undo(self.model.transform(noise)))
        return form.latents(values)

    def state(self) -> Mapping[str, Tensor]:
        """The tensors that ``from_state`` takes besides the space and the settings."""
        network = self.model.state_dict()
        return {
            **self.form.state(),
            **self.standardising.state(),
            "training": self.standardising.means.new_tensor(
                [self.finish.steps, self.finish.stopped_early, self.held_out]
            ),
            **{f"network.{name}": weight for name, weight in network.items()},
        }

    @classmethod
    def from_state(
        cls,
        space: LatentSpace,
        state: Mapping[str, Tensor],
        build: Callable[[LatentSpace], ModelT],
    ) -> "Learned[ModelT]":
        """The trained model that gave ``state``, for the same settings."""
        form = Form.restored(space, state)
        with torch.random.fork_rng(devices=()):  # its first weights are replaced
            model = build(space).to(form.device)
        prefix = "network."
        model.load_state_dict(
            {name.removeprefix(prefix): w for name, w in state.items() if name.startswith(prefix)}
        )
        steps, early, held_out = state["training"].tolist()
        finish = Finish(int(steps), bool(early), held_out)
        return cls(form, Standardising.from_state(state), model.eval(), finish)


def learn(
    latents: Latents, build: Callable[[LatentSpace], ModelT], schedule: Schedule
) -> Learned[ModelT]:
    """Train the model that ``build`` makes for their space on all latents but those held out.

    Raises:
        ValueError: there are fewer than two latents, they are all equal, or their loss never was
            a finite number.
        TrainingDiverged: a loss was not finite.
    """
    form = Form.of(latents)
    if len(latents) < 2:
        raise ValueError(
            "training needs at least two latents, one to learn from and one to hold out; got one"
        )
    vectors = form.vectors(latents)
    standardising = Standardising.of(vectors)
    model = build(latents.space).to(form.device)
    finish = schedule.train(model, model.loss, standardising.make_learnable(vectors))
    if finish.held_out is None or not math.isfinite(finish.held_out):
        raise ValueError(
            "the loss on held-out latents was never finite: "
            "lower learning_rate, or hold out more latents"
        )
    return Learned(form, standardising, model, finish)


@torch.no_grad()
def log_prob(learned: Learned[DensityModelT], latents: Latents) -> Float[Tensor, " samples"]:
    """Compute the log density of each latent in the latents' own units, float64, in nats."""
    model, standardising = learned.model, learned.standardising
    logs = [
        model.log_prob(standardising(chunk)).double()
        for chunk in _split(learned.form.vectors(latents), model.density_width)
    ]
    none = standardising.means.new_empty(0)
    return torch.cat([none, *logs]) - standardising.log_volume


def _split(vectors: Float[Tensor, "samples D"], width: int) -> Sequence[Tensor]:
    """Split the vectors into chunks by the memory that they take; none make no chunk."""
    return torch.split(vectors, _rows(width, vectors.device)) if len(vectors) else ()


def _rows(width: int, device: torch.device) -> int:
    """Return how many vectors to work on at a time where each takes ``width`` numbers.

    Together they take 2²⁰, which stay near a CPU's cache, or on an accelerator 2²⁶, because every
    call there has a fixed cost.
    """
    numbers = 2**20 if device.type == "cpu" else 2**26
    return max(1, numbers // width)
