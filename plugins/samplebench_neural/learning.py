"""What all samplers of this package share: a law of standardised latents, trained and stored."""

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


class Law(nn.Module, ABC):
    """A law of standardised latents that is a map of noise, with weights to train."""

    width: int
    """About how many numbers drawing one vector holds at a time."""

    @abstractmethod
    def loss(self, vectors: Vectors) -> Mapping[str, Tensor]:
        """What training minimises, as named means over the vectors."""

    @abstractmethod
    def drawn(self, noise: Vectors) -> Vectors:
        """One draw from each row of standard normal noise."""


class DensityLaw(Law):
    """A law whose density can be evaluated."""

    density_width: int
    """About how many numbers the density of one vector holds at a time."""

    @abstractmethod
    def log_prob(self, vectors: Vectors) -> Float[Tensor, " samples"]:
        """The log density of each vector, in nats."""


def schedule(
    steps: int, batch: int, learning_rate: float, held_out: float, patience: int
) -> Schedule:
    """How these laws are trained: the learning rate falls to 0 by half a cosine over all steps.

    Raises:
        ValueError: a number is out of range; the message names it.
    """
    budget = Budget(steps=steps, batch=batch, learning_rate=learning_rate, decay="cosine")
    return Schedule(budget, held_out, patience)


LawT = TypeVar("LawT", bound=Law)
DensityLawT = TypeVar("DensityLawT", bound=DensityLaw)


@dataclass(frozen=True, eq=False)
class Learned(Generic[LawT]):
    """A law that was learned, and the way between its vectors and latents.

    ``finish`` tells how training ended.
    """

    form: Form
    standardising: Standardising
    law: LawT
    finish: Finish

    @property
    def held_out(self) -> float:
        """The mean loss of a held-out latent."""
        assert self.finish.held_out is not None  # a schedule always holds some out
        return self.finish.held_out

    @property
    def diagnostics(self) -> Mapping[str, float]:
        """Steps of training, and whether it was the held-out latents that ended it, 0 or 1."""
        return {
            "training_steps": float(self.finish.steps),
            "stopped_early": float(self.finish.stopped_early),
        }

    @torch.no_grad()
    def sample(self, count: int) -> Latents:
        """New latents, in memory that beside them does not grow with their number."""
        form, dimensions = self.form, self.form.dimensions
        values = torch.empty(count, dimensions, device=form.device, dtype=form.dtype)
        for chunk in _chunks(values, self.law.width):
            noise = torch.randn(len(chunk), dimensions, device=form.device)
            chunk.copy_(self.standardising.undone(self.law.drawn(noise)))
        return form.latents(values)

    def state(self) -> Mapping[str, Tensor]:
        """What ``restored`` needs beside the space and the settings."""
        network = self.law.state_dict()
        return {
            **self.form.state(),
            **self.standardising.state(),
            "training": self.standardising.means.new_tensor(
                [self.finish.steps, self.finish.stopped_early, self.held_out]
            ),
            **{f"network.{name}": weight for name, weight in network.items()},
        }

    @classmethod
    def restored(
        cls, space: LatentSpace, state: Mapping[str, Tensor], build: Callable[[LatentSpace], LawT]
    ) -> "Learned[LawT]":
        """That of which ``state`` was taken, for the same settings."""
        form = Form.restored(space, state)
        with torch.random.fork_rng(devices=()):  # its first weights are drawn in vain
            law = build(space).to(form.device)
        prefix = "network."
        law.load_state_dict(
            {name.removeprefix(prefix): w for name, w in state.items() if name.startswith(prefix)}
        )
        steps, early, held_out = state["training"].tolist()
        finish = Finish(int(steps), bool(early), held_out)
        return cls(form, Standardising.restored(state), law.eval(), finish)


def learn(
    latents: Latents, build: Callable[[LatentSpace], LawT], schedule: Schedule
) -> Learned[LawT]:
    """Train the law that ``build`` makes for their space on all latents but those held out.

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
    law = build(latents.space).to(form.device)
    finish = schedule.train(law, law.loss, standardising.learnable(vectors))
    if finish.held_out is None or not math.isfinite(finish.held_out):
        raise ValueError(
            "the loss on held-out latents was never finite: "
            "lower learning_rate, or hold out more latents"
        )
    return Learned(form, standardising, law, finish)


@torch.no_grad()
def log_prob(learned: Learned[DensityLawT], latents: Latents) -> Float[Tensor, " samples"]:
    """The log density of each latent in the latents' own units, float64, in nats."""
    law, standardising = learned.law, learned.standardising
    logs = [
        law.log_prob(standardising(chunk)).double()
        for chunk in _chunks(learned.form.vectors(latents), law.density_width)
    ]
    none = standardising.means.new_empty(0)
    return torch.cat([none, *logs]) - standardising.log_volume


def _chunks(vectors: Float[Tensor, "samples D"], width: int) -> Sequence[Tensor]:
    """The vectors, so many at a time as memory is meant for; no chunk of none."""
    return torch.split(vectors, _rows(width, vectors.device)) if len(vectors) else ()


def _rows(width: int, device: torch.device) -> int:
    """How many vectors to work on at a time where each takes ``width`` numbers.

    Together they take 2²⁰, which stay near a CPU's cache, or on an accelerator 2²⁶, for there
    every call has a price.
    """
    numbers = 2**20 if device.type == "cpu" else 2**26
    return max(1, numbers // width)
