"""Early stopping: the loss on held-out data, and the weights at which it was lowest."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from samplebench.randomness import seeded
from samplebench.training.budget import Budget

_EVALUATIONS = 100  # at most, besides the one before the first step


@dataclass(frozen=True)
class HeldOut:
    """Held-out data on which the loss is evaluated to stop training before it overfits.

    The loss is evaluated before the first step, then after every epoch, or after every hundredth
    of the steps if that is longer. Training stops when the mean loss has not fallen for
    ``patience`` evaluations; the weights are then those of the lowest loss.

    Raises:
        ValueError: there is no sample, or patience is less than one evaluation.
    """

    data: Tensor
    patience: int

    def __post_init__(self) -> None:
        if len(self.data) == 0:
            raise ValueError("early stopping needs at least one held-out sample")
        if self.patience < 1:
            raise ValueError(f"patience must be at least 1 evaluation, not {self.patience}")


class BestWeights:
    """The weights with the lowest loss on held-out data so far."""

    def __init__(
        self,
        model: nn.Module,
        objective: Callable[[Tensor], Mapping[str, Tensor]],
        held_out: HeldOut,
        budget: Budget,
        *,
        prepare: Callable[[Tensor], Tensor],
        samples: int,
    ) -> None:
        self.model, self.objective, self.held_out = model, objective, held_out
        self.budget, self.prepare = budget, prepare
        self.total = budget.total_steps(samples)
        self.interval = max(
            math.ceil(samples / budget.batch), math.ceil(self.total / _EVALUATIONS)
        )
        self.loss = math.inf
        self.weights: dict[str, Tensor] = {}
        self.evaluations_since = 0
        """Evaluations since the lowest loss."""

    def evaluate(self) -> None:
        """Compute the loss on the held-out data; keep the weights if it is the lowest so far."""
        loss = self._mean_loss()
        self.evaluations_since += 1
        if loss < self.loss:
            self.loss, self.evaluations_since = loss, 0
            self.weights = {name: w.clone() for name, w in self.model.state_dict().items()}

    def stops_after(self, step: int) -> bool:
        """Evaluate if an evaluation is due after this step; return True if training must stop."""
        if step % self.interval and step != self.total:
            return False
        self.evaluate()
        return self.evaluations_since >= self.held_out.patience

    def restore(self) -> None:
        """Load the best weights into the model; keep the last ones if no loss was finite."""
        if self.weights:
            self.model.load_state_dict(self.weights)

    @torch.no_grad()
    def _mean_loss(self) -> float:
        """Compute the mean loss per held-out sample, with the same draws each time."""
        data = self.held_out.data
        self.model.eval()
        total = torch.zeros((), dtype=torch.float64, device=data.device)
        with seeded(0, "held out"), self.budget.autocast(data.device):
            for batch in torch.split(data, self.budget.batch):
                terms = self.objective(self.prepare(batch)).values()
                total += torch.stack([term.double() for term in terms]).sum() * len(batch)
        self.model.train()
        return float(total) / len(data)
