"""Training with a part of the data held out for early stopping."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from samplebench.training.budget import Budget
from samplebench.training.early_stopping import HeldOut
from samplebench.training.loop import Finish, train


@dataclass(frozen=True)
class Schedule:
    """A training budget, the share of the data that is held out, and the patience.

    ``patience`` is that of ``HeldOut``.

    Raises:
        ValueError: the share is not between 0 and 1, or patience is less than 1.
    """

    budget: Budget
    held_out: float
    patience: int

    def __post_init__(self) -> None:
        if not 0 < self.held_out < 1:
            raise ValueError(f"held_out is a share above 0 and below 1, not {self.held_out}")
        if self.patience < 1:
            raise ValueError(f"patience must be at least 1, not {self.patience}")

    def train(
        self, model: nn.Module, loss: Callable[[Tensor], Mapping[str, Tensor]], data: Tensor
    ) -> Finish:
        """Train on the data that are not held out; keep the best weights on those that are.

        Raises:
            ValueError: there are fewer than two samples.
            TrainingDiverged: a loss was not finite.
        """
        training, held_out = set_aside(data, self.held_out)
        return train(model, loss, training, self.budget, held_out=HeldOut(held_out, self.patience))


def set_aside(data: Tensor, share: float) -> tuple[Tensor, Tensor]:
    """Split data at random into training samples and a share that is held out.

    Each part has at least one sample.

    Raises:
        ValueError: there are fewer than two samples.
    """
    if len(data) < 2:
        raise ValueError(
            "at least two samples are needed, one to learn from and one to hold out; "
            f"there is {len(data)}"
        )
    order = torch.randperm(len(data), device=data.device)
    count = min(max(1, round(share * len(data))), len(data) - 1)
    return data[order[count:]], data[order[:count]]
