"""Stopping early: data that training only looks at, and the weights that they like best."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from samplebench.randomness import seeded
from samplebench.training.budget import Budget


@dataclass(frozen=True)
class HeldOut:
    """Data that training only looks at, now and then, to stop before it overfits.

    It looks before the first step, and then after every epoch, or after every hundredth of its
    steps where that is longer. It stops when the mean loss on them has not fallen for ``patience``
    looks, and the weights are then those of the best look.

    Raises:
        ValueError: there is no sample, or patience is less than one look.
    """

    data: Tensor
    patience: int

    def __post_init__(self) -> None:
        if len(self.data) == 0:
            raise ValueError("training that stops early needs at least one held-out sample")
        if self.patience < 1:
            raise ValueError(f"patience must be at least one look, not {self.patience}")


class Best:
    """The weights with the lowest loss on held-out data so far."""

    def __init__(
        self,
        model: nn.Module,
        loss: Callable[[Tensor], Mapping[str, Tensor]],
        held_out: HeldOut,
        budget: Budget,
        prepare: Callable[[Tensor], Tensor],
    ) -> None:
        self.model, self.objective, self.held_out = model, loss, held_out
        self.budget, self.prepare = budget, prepare
        self.loss = math.inf
        self.worse = 0
        """Looks since the best one."""
        self.weights: dict[str, Tensor] = {}

    def look(self) -> None:
        """Measure the loss on the held-out data, and keep the weights if it is the lowest."""
        found = self._measured()
        self.worse += 1
        if found < self.loss:
            self.loss, self.worse = found, 0
            self.weights = {name: w.clone() for name, w in self.model.state_dict().items()}

    @property
    def has_enough(self) -> bool:
        """Whether training is to stop."""
        return self.worse >= self.held_out.patience

    def take(self) -> None:
        """Give the model its best weights back; the last, where no look found a finite loss."""
        if self.weights:
            self.model.load_state_dict(self.weights)

    @torch.no_grad()
    def _measured(self) -> float:
        """The mean loss of a held-out sample, with the same draws each time."""
        data = self.held_out.data
        self.model.eval()
        total = torch.zeros((), dtype=torch.float64, device=data.device)
        with seeded(0, "held out"), self.budget.autocast(data.device):
            for batch in torch.split(data, self.budget.batch):
                terms = self.objective(self.prepare(batch)).values()
                total += torch.stack([term.double() for term in terms]).sum() * len(batch)
        self.model.train()
        return float(total) / len(data)
