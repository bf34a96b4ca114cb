"""Progress of training: reports of loss terms, and detection of values that are not finite."""

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
    """The steps done of ``total``, with throughput and mean loss terms since the last report.

    The mean of a term is taken over the steps that had it.
    """

    step: int
    total: int
    items_per_second: float
    terms: Mapping[str, float]


class Watch:
    """Sums of loss terms on the device, which are reported from time to time.

    The device is read only for a report, which also detects the first loss that was not finite.
    """

    def __init__(
        self, total: int, report: Callable[[Progress], None], *, seconds_between_reports: float
    ) -> None:
        self.total, self.report = total, report
        self.seconds_between_reports = seconds_between_reports
        self.step = 0
        self.first_non_finite: Tensor | None = None
        """The step of the first loss that was not finite; 0 if there is none."""
        self._reset()

    def _reset(self) -> None:
        self.sums: dict[str, Tensor] = {}
        self.counts: Counter[str] = Counter()
        self.items, self.since = 0, time.perf_counter()

    def add(self, items: int, terms: Mapping[str, Tensor]) -> None:
        """Add the loss terms of a step on that many items; report if it is time."""
        self.step, self.items = self.step + 1, self.items + items
        self.counts.update(terms.keys())
        detached = {name: term.detach().float() for name, term in terms.items()}
        for name, term in detached.items():
            self.sums[name] = self.sums[name] + term if name in self.sums else term
        bad = ~torch.stack(list(detached.values())).isfinite().all()
        if self.first_non_finite is None:
            self.first_non_finite = torch.zeros((), dtype=torch.int64, device=bad.device)
        is_first = bad & (self.first_non_finite == 0)
        self.first_non_finite = torch.where(is_first, self.step, self.first_non_finite)
        due = time.perf_counter() - self.since >= self.seconds_between_reports
        if due or self.step == self.total:
            self._report()

    def require_finite(self) -> None:
        """Stop training whose loss was not finite.

        Raises:
            TrainingDiverged: a loss was not finite; the error has its step.
        """
        if self.first_non_finite is not None and (step := int(self.first_non_finite)):
            raise TrainingDiverged(step)

    def _report(self) -> None:
        self.require_finite()
        means = {name: float(total) / self.counts[name] for name, total in self.sums.items()}
        seconds = time.perf_counter() - self.since  # read after the device has finished
        self.report(Progress(self.step, self.total, self.items / seconds, means))
        self._reset()


@contextmanager
def detect_divergence(watch: Watch, weights: Sequence[nn.Parameter]) -> Iterator[None]:
    """Turn an error that weights caused by not being finite into ``TrainingDiverged``.

    Such weights may break the computation of a loss before the loss has a value.
    """
    try:
        yield
    except (ValueError, RuntimeError) as error:
        watch.require_finite()
        if not all_finite(weights):
            raise TrainingDiverged(watch.step + 1) from error
        raise


def all_finite(tensors: Iterable[Tensor]) -> bool:
    """Return True if every number of every tensor is finite."""
    return all(bool(tensor.isfinite().all()) for tensor in tensors)
