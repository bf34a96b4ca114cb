"""How long and how to train."""

import math
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field, Strict

_Count = Annotated[int, Strict(), Field(ge=1)]


@dataclass(frozen=True)
class Budget:
    """How long and how to train. Exactly one of ``epochs`` and ``steps`` is given.

    Raises:
        ValueError: both or neither of epochs and steps, or a number that is not positive.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "forbid"}
    """For whoever reads one from a file."""

    epochs: _Count | None = None
    steps: _Count | None = None
    batch: _Count = 128
    optimiser: Literal["adam", "adamw", "sgd"] = "adam"
    learning_rate: Annotated[float, Strict(), Field(gt=0)] = 1e-3
    weight_decay: Annotated[float, Strict(), Field(ge=0)] = 0.0
    precision: Literal["float32", "bf16"] = "float32"
    compile: Annotated[bool, Strict()] = False
    decay: Literal["none", "cosine"] = "none"
    """How the learning rate goes: it stays, or falls to 0 at the last step by half a cosine."""

    def __post_init__(self) -> None:
        if (self.epochs is None) == (self.steps is None):
            raise ValueError("give either epochs or steps, and not both")
        for name in ("epochs", "steps", "batch", "learning_rate"):
            number = getattr(self, name)
            if number is not None and not 0 < number < math.inf:
                raise ValueError(f"{name} must be positive, not {number}")
        if not 0 <= self.weight_decay < math.inf:
            raise ValueError(f"weight_decay must be 0 or more, not {self.weight_decay}")

    def total_steps(self, samples: int) -> int:
        """Optimiser steps on a training set of that size."""
        if self.steps is not None:
            return self.steps
        assert self.epochs is not None
        return self.epochs * math.ceil(samples / self.batch)

    def learning_rate_at(self, done: float) -> float:
        """The learning rate when that share of training is over."""
        if self.decay == "none":
            return self.learning_rate
        return self.learning_rate * 0.5 * (1 + math.cos(math.pi * done))

    def autocast(self, device: torch.device) -> AbstractContextManager[object]:
        """Where losses are computed in the precision that was asked for."""
        if self.precision == "bf16":
            return torch.autocast(device.type, dtype=torch.bfloat16)
        return nullcontext()
