"""The training loop: shuffled batches, an optimiser, and by choice a critic."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from samplebench.errors import TrainingDiverged
from samplebench.training.budget import Budget
from samplebench.training.early_stopping import BestWeights, HeldOut
from samplebench.training.watch import Progress, Watch, all_finite, detect_divergence

Loss = Callable[[Tensor], Mapping[str, Tensor]]
"""A function from a batch to named scalars, whose sum is minimised."""

_FIRST_BATCHES = 8  # that ``begin`` gets


@dataclass(frozen=True)
class Finish:
    """The end of a training run.

    ``steps`` were taken; ``stopped_early`` is True if held-out data ended training before the
    budget did. ``held_out`` is the mean loss of the final weights on held-out data, ``None`` if
    there were none.
    """

    steps: int
    stopped_early: bool = False
    held_out: float | None = None


@dataclass(frozen=True)
class Critic:
    """The second player of adversarial training: its parameters and its loss."""

    parameters: Iterable[nn.Parameter]
    loss: Callable[[Tensor], Tensor]


def train(
    model: nn.Module,
    loss: Loss,
    data: Tensor,
    budget: Budget,
    *,
    prepare: Callable[[Tensor], Tensor] = lambda batch: batch,
    begin: Callable[[Tensor], None] | None = None,
    before_step: Callable[[float], None] = lambda done: None,
    critic: Critic | None = None,
    held_out: HeldOut | None = None,
    report: Callable[[Progress], None] = lambda progress: None,
    seconds_between_reports: float = 0.5,
) -> Finish:
    """Minimise ``loss`` over ``data`` (samples, …) in shuffled batches.

    The model is left in evaluation mode. ``data`` is on the device of the model and is indexed by
    whole batches. Losses stay on the device between reports; except for evaluations on held-out
    data, the loop does not wait for the device.

    Args:
        prepare: converts a batch into the input of ``loss``, such as 8-bit images into floats.
        begin: initialises what depends on data. It gets up to eight batches as one, drawn from the
            data, before the first step and without gradients.
        before_step: gets the fraction of training that is over, in [0, 1), before each step.
        critic: the second player, which takes a step on each batch after the model.
        held_out: data for early stopping. Their loss is computed with the same draws each time.
        report: gets the progress from time to time.

    Raises:
        TrainingDiverged: a loss, or a weight after the last step, was not finite; the error has
            the first such step.
    """
    weights = [parameter for parameter in model.parameters() if parameter.requires_grad]
    samples, total = len(data), budget.total_steps(len(data))
    watch = Watch(total, report, seconds_between_reports=seconds_between_reports)
    best = (
        BestWeights(model, loss, held_out, budget, prepare=prepare, samples=samples)
        if held_out
        else None
    )
    take_step = _make_step(weights, loss, budget, critic)
    model.train()
    if begin:
        with torch.no_grad(), budget.autocast(data.device):
            begin(prepare(_draw_first(data, budget)))
    if best:
        best.evaluate()
    with detect_divergence(watch, weights):
        for index in _draw_batches(data, budget):
            batch, done = prepare(data[index]), watch.step / total
            before_step(done)
            watch.add(len(index), take_step(batch, done))
            if best and best.stops_after(watch.step):
                break
        watch.require_finite()
    if best:
        best.restore()
    if not all_finite(weights):  # no loss has been computed since the last step
        raise TrainingDiverged(watch.step)
    model.eval()
    held_out_loss = best.loss if best else None
    return Finish(watch.step, stopped_early=watch.step < total, held_out=held_out_loss)


def _draw_first(data: Tensor, budget: Budget) -> Tensor:
    """Draw eight batches as one, or all samples if there are fewer."""
    order = torch.randperm(len(data), device=data.device)
    return data[order[: _FIRST_BATCHES * budget.batch]]


def _draw_batches(data: Tensor, budget: Budget) -> Iterator[Tensor]:
    """Draw the indices of all batches: each epoch has every sample once, in a new order."""
    done, total = 0, budget.total_steps(len(data))
    while done < total:
        order = torch.randperm(len(data), device=data.device)
        for index in torch.split(order, budget.batch):
            if done == total:
                return
            yield index
            done += 1


def _make_step(
    weights: list[nn.Parameter], loss: Loss, budget: Budget, critic: Critic | None
) -> Callable[[Tensor, float], Mapping[str, Tensor]]:
    """Make the function that updates the model, then its critic, and returns the loss terms."""
    critic_weights = list(critic.parameters) if critic else []
    excluded = {id(parameter) for parameter in critic_weights}
    player = _Player([weight for weight in weights if id(weight) not in excluded], budget)
    opponent = _Player(critic_weights, budget) if critic else None
    compiled = torch.compile(loss) if budget.compile else loss

    def take_step(batch: Tensor, done: float) -> Mapping[str, Tensor]:
        with budget.autocast(batch.device):
            terms = compiled(batch)
            objective = torch.stack([term.float() for term in terms.values()]).sum()
        player.minimise(objective, done)
        if critic is None or opponent is None:
            return terms
        with budget.autocast(batch.device):
            critic_loss = critic.loss(batch)
        opponent.minimise(critic_loss, done)
        return {**terms, "critic": critic_loss}

    return take_step


class _Player:
    """Parameters with the optimiser that updates them, and no others."""

    def __init__(self, parameters: list[nn.Parameter], budget: Budget) -> None:
        kinds: Mapping[str, Callable[..., torch.optim.Optimizer]] = {
            "adam": torch.optim.Adam,
            "adamw": torch.optim.AdamW,
            "sgd": torch.optim.SGD,
        }
        self.parameters, self.budget = parameters, budget
        self.optimiser = kinds[budget.optimiser](
            parameters, lr=budget.learning_rate, weight_decay=budget.weight_decay
        )

    def minimise(self, objective: Tensor, done: float) -> None:
        """Take one step down the objective, when that fraction of training is over."""
        for group in self.optimiser.param_groups:
            group["lr"] = self.budget.learning_rate_at(done)
        self.optimiser.zero_grad(set_to_none=True)
        # With these inputs alone, the critic gathers no gradients from the autoencoder's step, nor
        # the autoencoder from the critic's.
        torch.autograd.backward(objective, inputs=self.parameters)
        self.optimiser.step()
