"""The loop itself."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from samplebench.errors import TrainingDiverged
from samplebench.training.budget import Budget
from samplebench.training.early_stopping import Best, HeldOut
from samplebench.training.watch import Progress, Watch, divergence_named, finite

Loss = Callable[[Tensor], Mapping[str, Tensor]]
"""Takes a batch, returns named scalars; their sum is minimised."""

_BEGIN = 8  # batches that ``begin`` gets
_LOOKS = 100  # at held-out data, at most


@dataclass(frozen=True)
class Finish:
    """Steps that were taken, and whether it was the held-out data that ended them; the mean loss
    on these of the weights that were kept, ``None`` where nothing was held out.
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

    The model is left in evaluation mode. ``data`` lies where the model lies and is indexed by
    whole batches. Loss values stay on the device between reports, and looks at held-out data apart
    the loop does not wait for it.

    Args:
        prepare: makes a batch into what ``loss`` takes: 8-bit images into floats, say.
        begin: gets up to eight batches as one, drawn from the data, before the first step and
            without gradients: what starts from data starts there.
        before_step: gets the share of training that is over, in [0, 1), before each step.
        critic: the second player, trained in turns with the model on the same batches.
        held_out: data by which training stops early. What their loss draws is the same each time.
        report: gets the progress now and then.

    Raises:
        TrainingDiverged: a loss, or a weight after the last step, was not finite; it names the
            first such step.
    """
    weights = [parameter for parameter in model.parameters() if parameter.requires_grad]
    total = budget.total_steps(len(data))
    watch = Watch(total, report, seconds_between_reports)
    best = Best(model, loss, held_out, budget, prepare) if held_out else None
    between_looks = max(math.ceil(len(data) / budget.batch), math.ceil(total / _LOOKS))
    step = _stepping(weights, loss, budget, critic)
    model.train()
    if begin:
        with torch.no_grad(), budget.autocast(data.device):
            begin(prepare(data[_begin_with(len(data), budget.batch, data.device)]))
    if best:
        best.look()
    with divergence_named(watch, weights):
        for index in _batches(len(data), budget.batch, total, data.device):
            batch, done = prepare(data[index]), watch.step / total
            before_step(done)
            watch.saw(len(index), step(batch, done))
            if best and (watch.step % between_looks == 0 or watch.step == total):
                best.look()
                if best.has_enough:
                    break
        watch.require_finite()
    if best:
        best.take()
    if not finite(weights):  # no loss has seen what the last step did
        raise TrainingDiverged(watch.step)
    model.eval()
    return Finish(watch.step, watch.step < total, best.loss if best else None)


def _begin_with(samples: int, batch: int, device: torch.device) -> Tensor:
    """The indices of eight batches, or of all samples where there are fewer."""
    return torch.randperm(samples, device=device)[: _BEGIN * batch]


def _batches(samples: int, batch: int, total: int, device: torch.device) -> Iterator[Tensor]:
    """Index tensors of ``total`` batches: every sample once an epoch, in an order drawn anew."""
    done = 0
    while done < total:
        order = torch.randperm(samples, device=device)
        for index in torch.split(order, batch):
            if done == total:
                return
            yield index
            done += 1


def _stepping(
    weights: list[nn.Parameter], loss: Loss, budget: Budget, critic: Critic | None
) -> Callable[[Tensor, float], Mapping[str, Tensor]]:
    """What takes a step of the model, and of its critic, on a batch; it gives the loss terms."""
    theirs = list(critic.parameters) if critic else []
    apart = {id(parameter) for parameter in theirs}
    player = _Player([weight for weight in weights if id(weight) not in apart], budget)
    opponent = _Player(theirs, budget) if critic else None
    compiled = torch.compile(loss) if budget.compile else loss

    def step(batch: Tensor, done: float) -> Mapping[str, Tensor]:
        with budget.autocast(batch.device):
            terms = compiled(batch)
            objective = torch.stack([term.float() for term in terms.values()]).sum()
        player.step(objective, done)
        if critic is None or opponent is None:
            return terms
        with budget.autocast(batch.device):
            judgement = critic.loss(batch)
        opponent.step(judgement, done)
        return {**terms, "critic": judgement}

    return step


class _Player:
    """Parameters and the optimiser that moves them, and no others."""

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

    def step(self, objective: Tensor, done: float) -> None:
        for group in self.optimiser.param_groups:
            group["lr"] = self.budget.learning_rate_at(done)
        self.optimiser.zero_grad(set_to_none=True)
        # Only these: the critic must not gather gradients from the autoencoder's step, nor the
        # other way round.
        torch.autograd.backward(objective, inputs=self.parameters)
        self.optimiser.step()
