"""The length of training and the settings of its optimiser."""

import math
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field, Strict

_Count = Annotated[int, Strict(), Field(ge=1)]


@dataclass(frozen=True)
class Budget:
    """The length of training, in epochs or in steps, and the settings of its optimiser.

    Raises:
        ValueError: both or neither of epochs and steps are given, or a number is not positive.
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
    """The schedule of the learning rate: constant, or half a cosine down to 0 at the end."""

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
        """Count the optimiser steps on a training set of that size."""
        if self.steps is not None:
            return self.steps
        assert self.epochs is not None
        return self.epochs * math.ceil(samples / self.batch)

    def learning_rate_at(self, done: float) -> float:
        """Return the learning rate when that fraction of training is over."""
        if self.decay == "none":
            return self.learning_rate
        return self.learning_rate * 0.5 * (1 + math.cos(math.pi * done))

    def autocast(self, device: torch.device) -> AbstractContextManager[object]:
        """Return the context in which losses are computed in the chosen precision."""
        if self.precision == "bf16":
            return torch.autocast(device.type, dtype=torch.bfloat16)
        return nullcontext()
