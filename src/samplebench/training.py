"""One training loop, for autoencoders, feature extractors and neural samplers alike."""

import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from samplebench.errors import TrainingDiverged
from samplebench.randomness import seeded

Loss = Callable[[Tensor], Mapping[str, Tensor]]
"""Takes a batch, returns named scalars; their sum is minimised."""

_LOOK = 8  # batches that ``begin`` gets
_LOOKS = 100  # at held-out data, at most


@dataclass(frozen=True)
class Budget:
    """How long and how to train. Exactly one of ``epochs`` and ``steps`` is given.

    Raises:
        ValueError: both or neither of epochs and steps, or a number that is not positive.
    """

    epochs: int | None = None
    steps: int | None = None
    batch: int = 128
    optimiser: Literal["adam", "adamw", "sgd"] = "adam"
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    precision: Literal["float32", "bf16"] = "float32"
    compile: bool = False
    decay: Literal["none", "cosine"] = "none"
    """How the learning rate goes: it stays, or falls to 0 at the last step by half a cosine."""

    def __post_init__(self) -> None:
        if (self.epochs is None) == (self.steps is None):
            raise ValueError("a training budget has either epochs or steps")
        for name in ("epochs", "steps", "batch", "learning_rate"):
            number = getattr(self, name)
            if number is not None and not number > 0:
                raise ValueError(f"{name} must be positive, not {number}")

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


@dataclass(frozen=True)
class Progress:
    """Steps done of ``total``; since the last report, items a second and the mean of each loss
    term over the steps that had it.
    """

    step: int
    total: int
    items_per_second: float
    terms: Mapping[str, float]


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
    whole batches. Loss values stay on the device between reports, so the loop never waits for it.

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
    critic_parameters = list(critic.parameters) if critic else []
    theirs = {id(parameter) for parameter in critic_parameters}
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    ours = [parameter for parameter in trainable if id(parameter) not in theirs]
    optimiser = _optimiser(ours, budget)
    critic_optimiser = _optimiser(critic_parameters, budget) if critic else None
    compiled = torch.compile(loss) if budget.compile else loss
    total = budget.total_steps(len(data))
    watch = _Watch(total, report, seconds_between_reports)
    best = _Best(model, loss, held_out, budget, prepare) if held_out else None
    between_looks = max(math.ceil(len(data) / budget.batch), math.ceil(total / _LOOKS))
    model.train()
    if begin:
        with torch.no_grad(), _autocast(data.device, budget.precision):
            begin(prepare(data[_first_look(len(data), budget.batch, data.device)]))
    if best:
        best.look()
    with _divergence_named(watch, trainable):
        for step, index in enumerate(_batches(len(data), budget.batch, total, data.device)):
            batch = prepare(data[index])
            before_step(step / total)
            for group in optimiser.param_groups:
                group["lr"] = budget.learning_rate_at(step / total)
            with _autocast(data.device, budget.precision):
                terms = compiled(batch)
                objective = torch.stack([term.float() for term in terms.values()]).sum()
            _step(optimiser, objective, ours)
            if critic and critic_optimiser:
                with _autocast(data.device, budget.precision):
                    critic_objective = critic.loss(batch)
                _step(critic_optimiser, critic_objective, critic_parameters)
                terms = {**terms, "critic": critic_objective}
            watch.saw(len(index), terms)
            if best and (watch.step % between_looks == 0 or watch.step == total):
                best.look()
                if best.worse >= best.patience:
                    break
        watch.require_finite()
    if best:
        best.take()
    if not _finite(trainable):  # no loss has seen what the last step did
        raise TrainingDiverged(watch.step)
    model.eval()
    return Finish(watch.step, watch.step < total, best.loss if best else None)


def _first_look(samples: int, batch: int, device: torch.device) -> Tensor:
    """The indices of eight batches, or of all samples where there are fewer."""
    return torch.randperm(samples, device=device)[: _LOOK * batch]


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


def _step(
    optimiser: torch.optim.Optimizer, objective: Tensor, trained: list[nn.Parameter]
) -> None:
    optimiser.zero_grad(set_to_none=True)
    # Only these: the critic must not gather gradients from the autoencoder's step, nor the other
    # way round.
    torch.autograd.backward(objective, inputs=trained)
    optimiser.step()


def _optimiser(parameters: list[nn.Parameter], budget: Budget) -> torch.optim.Optimizer:
    kinds: Mapping[str, Callable[..., torch.optim.Optimizer]] = {
        "adam": torch.optim.Adam,
        "adamw": torch.optim.AdamW,
        "sgd": torch.optim.SGD,
    }
    return kinds[budget.optimiser](
        parameters, lr=budget.learning_rate, weight_decay=budget.weight_decay
    )


def _autocast(device: torch.device, precision: str) -> AbstractContextManager[object]:
    if precision == "bf16":
        return torch.autocast(device.type, dtype=torch.bfloat16)
    return nullcontext()


@contextmanager
def _divergence_named(watch: "_Watch", weights: Sequence[nn.Parameter]) -> Iterator[None]:
    """Weights that are not finite may break a loss before it gives a number: say so then too."""
    try:
        yield
    except (ValueError, RuntimeError) as error:
        watch.require_finite()
        if not _finite(weights):
            raise TrainingDiverged(watch.step + 1) from error
        raise


def _finite(weights: Iterable[Tensor]) -> bool:
    return all(bool(weight.isfinite().all()) for weight in weights)


class _Best:
    """The weights with the lowest loss on held-out data so far."""

    def __init__(
        self,
        model: nn.Module,
        loss: Loss,
        held_out: HeldOut,
        budget: Budget,
        prepare: Callable[[Tensor], Tensor],
    ) -> None:
        self.model, self.objective, self.held_out = model, loss, held_out
        self.budget, self.prepare = budget, prepare
        self.patience = held_out.patience
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

    def take(self) -> None:
        """Give the model its best weights back; the last, where no look found a finite loss."""
        if self.weights:
            self.model.load_state_dict(self.weights)

    @torch.no_grad()
    def _measured(self) -> float:
        """The mean loss of a held-out sample, with the same draws each time."""
        data, precision = self.held_out.data, self.budget.precision
        self.model.eval()
        total = torch.zeros((), dtype=torch.float64, device=data.device)
        with seeded(0, "held out"), _autocast(data.device, precision):
            for batch in torch.split(data, self.budget.batch):
                terms = self.objective(self.prepare(batch)).values()
                total += torch.stack([term.double() for term in terms]).sum() * len(batch)
        self.model.train()
        return float(total) / len(data)


class _Watch:
    """Adds loss terms up on the device; reads them, and looks for the first that was not finite,
    now and then.
    """

    def __init__(self, total: int, report: Callable[[Progress], None], seconds: float) -> None:
        self.total, self.report, self.seconds = total, report, seconds
        self.step = 0
        self.first_bad: Tensor | None = None
        self._start_over()

    def _start_over(self) -> None:
        self.sums: dict[str, Tensor] = {}
        self.counts: Counter[str] = Counter()
        self.items, self.since = 0, time.perf_counter()

    def saw(self, items: int, terms: Mapping[str, Tensor]) -> None:
        self.step, self.items = self.step + 1, self.items + items
        self.counts.update(terms.keys())
        detached = {name: term.detach().float() for name, term in terms.items()}
        for name, term in detached.items():
            self.sums[name] = self.sums[name] + term if name in self.sums else term
        bad = ~torch.stack(list(detached.values())).isfinite().all()
        if self.first_bad is None:
            self.first_bad = torch.zeros((), dtype=torch.int64, device=bad.device)
        self.first_bad = torch.where(bad & (self.first_bad == 0), self.step, self.first_bad)
        if time.perf_counter() - self.since >= self.seconds or self.step == self.total:
            self._read()

    def require_finite(self) -> None:
        if self.first_bad is not None and (bad_step := int(self.first_bad)):
            raise TrainingDiverged(bad_step)

    def _read(self) -> None:
        self.require_finite()
        means = {name: float(total) / self.counts[name] for name, total in self.sums.items()}
        seconds = time.perf_counter() - self.since  # the device has finished: its numbers are here
        self.report(Progress(self.step, self.total, self.items / seconds, means))
        self._start_over()
