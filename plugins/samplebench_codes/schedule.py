"""How the networks of this package are trained."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from samplebench.training import Budget, Finish, HeldOut, train
from samplebench_codes.codes import Codes


@dataclass(frozen=True)
class Schedule:
    """At most so many epochs by Adam, fewer if the loss on held-out samples stops falling.

    Args:
        epochs: at most so many.
        batch: samples in a step.
        learning_rate: of Adam, held constant.
        held_out: the share of samples, drawn at random, that training only looks at; at least one.
        patience: epochs without a lower loss on them after which it stops.

    Raises:
        ValueError: a setting is out of its range.
    """

    epochs: int
    batch: int
    learning_rate: float
    held_out: float
    patience: int

    def __post_init__(self) -> None:
        counts = {"epochs": self.epochs, "batch": self.batch, "patience": self.patience}
        for name, count in counts.items():
            if count < 1:
                raise ValueError(f"{name} must be at least 1, not {count}")
        if not 0 < self.learning_rate < float("inf"):
            raise ValueError(
                f"learning_rate must be positive and finite, not {self.learning_rate}"
            )
        if not 0 < self.held_out < 1:
            raise ValueError(f"held_out is a share between 0 and 1, not {self.held_out}")

    def train(
        self, network: nn.Module, loss: Callable[[Tensor], Tensor], samples: Codes
    ) -> Finish:
        """Train the network; it ends in evaluation mode, with the weights of its best epoch.

        Raises:
            ValueError: there are fewer than two samples.
        """
        if len(samples) < 2:
            raise ValueError(
                "training needs at least two latents, one to learn from and one to hold out; "
                f"there is {len(samples)}"
            )
        order = torch.randperm(len(samples), device=samples.device)
        apart = min(max(1, round(self.held_out * len(samples))), len(samples) - 1)
        return train(
            network,
            lambda batch: {"loss": loss(batch)},
            samples[order[apart:]],
            Budget(epochs=self.epochs, batch=self.batch, learning_rate=self.learning_rate),
            held_out=HeldOut(samples[order[:apart]], self.patience),
        )
