"""How training is going: its progress, and whether its numbers are still finite."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from samplebench.errors import TrainingDiverged


@dataclass(frozen=True)
class Progress:
    """Steps done of ``total``; since the last report, items a second and the mean of each loss
    term over the steps that had it.
    """

    step: int
    total: int
    items_per_second: float
    terms: Mapping[str, float]


class Watch:
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
        """Take in the loss terms of a step on so many samples."""
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
        """Raises:
        TrainingDiverged: a loss was not finite.
        """
        if self.first_bad is not None and (bad_step := int(self.first_bad)):
            raise TrainingDiverged(bad_step)

    def _read(self) -> None:
        self.require_finite()
        means = {name: float(total) / self.counts[name] for name, total in self.sums.items()}
        seconds = time.perf_counter() - self.since  # the device has finished: its numbers are here
        self.report(Progress(self.step, self.total, self.items / seconds, means))
        self._start_over()


@contextmanager
def divergence_named(watch: Watch, weights: Sequence[nn.Parameter]) -> Iterator[None]:
    """Weights that are not finite may break a loss before it gives a number: say so then too."""
    try:
        yield
    except (ValueError, RuntimeError) as error:
        watch.require_finite()
        if not finite(weights):
            raise TrainingDiverged(watch.step + 1) from error
        raise


def finite(weights: Iterable[Tensor]) -> bool:
    """Whether every number of them is."""
    return all(bool(weight.isfinite().all()) for weight in weights)
