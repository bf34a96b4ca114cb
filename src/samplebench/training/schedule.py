"""A training budget, and what of the data is held out of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from samplebench.training.budget import Budget
from samplebench.training.early_stopping import HeldOut
from samplebench.training.loop import Finish, train


@dataclass(frozen=True)
class Schedule:
    """How to train, and what share of the data is held out to tell when to stop.

    Raises:
        ValueError: the share is not between 0 and 1, or patience is less than one look.
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
        """Train on all but a share; the model ends with the weights that these like best.

        Raises:
            ValueError: there are fewer than two samples.
            TrainingDiverged: a loss was not finite.
        """
        learned, unseen = set_aside(data, self.held_out)
        return train(model, loss, learned, self.budget, held_out=HeldOut(unseen, self.patience))


def set_aside(data: Tensor, share: float) -> tuple[Tensor, Tensor]:
    """Samples to learn from, and the share of them, drawn at random, that is held out.

    There is at least one of each.

    Raises:
        ValueError: there are fewer than two samples.
    """
    if len(data) < 2:
        raise ValueError(
            "a share is held out, so at least two samples are needed, one to learn from and one "
            f"to hold out; there is {len(data)}"
        )
    order = torch.randperm(len(data), device=data.device)
    apart = min(max(1, round(share * len(data))), len(data) - 1)
    return data[order[apart:]], data[order[:apart]]
