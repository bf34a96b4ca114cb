"""Slots: which worker carries out which stage next."""

import threading
from dataclasses import dataclass, field
from typing import Final

from samplebench.pipeline.running.on_dask.worker import Worker

_LOOKED_AT: Final = 32
"""The oldest of those that wait, among which a worker's next stage is chosen."""
_MOST_PASSES: Final = 32
"""So often one that waits is passed over for another that suits a worker better."""


@dataclass
class Slot:
    """A place on a worker, taken until it is given back.

    Attributes:
        number: of the places on this worker, from 0.
    """

    desk: "_Desk"
    number: int

    @property
    def worker(self) -> Worker:
        return self.desk.worker


@dataclass
class _Waiting:
    artefacts: frozenset[str]
    alone: bool
    passes: int = 0
    slot: Slot | None = None
    called: threading.Event = field(default_factory=threading.Event)


@dataclass
class _Desk:
    """A worker with what it does.

    Attributes:
        kept_for: one that has to be alone, for which the worker takes no others.
    """

    worker: Worker
    free: list[int]
    holds: set[str] = field(default_factory=set)
    kept_for: _Waiting | None = None
    is_alone: bool = False

    @property
    def is_idle(self) -> bool:
        return len(self.free) == self.worker.room


class Slots:
    """The places of all workers. A stage goes where the artefacts are that it takes, if such a
    worker is free, and else to any that is: none stays idle for it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._desks: dict[str, _Desk] = {}
        self._waiting: list[_Waiting] = []
        self._error: BaseException | None = None

    @property
    def room(self) -> int:
        """The number of stages that all workers carry out at once."""
        with self._lock:
            return sum(desk.worker.room for desk in self._desks.values())

    @property
    def workers(self) -> list[Worker]:
        with self._lock:
            return [desk.worker for desk in self._desks.values()]

    def add(self, worker: Worker) -> None:
        with self._lock:
            self._desks[worker.address] = _Desk(worker, list(range(worker.room)))
            self._match()

    def drop(self, address: str) -> None:
        """Forget a worker that is gone."""
        with self._lock:
            if desk := self._desks.pop(address, None):
                desk.kept_for = None
            self._match()

    def close(self, error: BaseException) -> None:
        """Give no more slots; whoever waits for one gets this error."""
        with self._lock:
            self._error = error
            waiting, self._waiting = self._waiting, []
        for one in waiting:
            one.called.set()

    def take(self, artefacts: frozenset[str], *, alone: bool = False) -> Slot:
        """Wait for a slot.

        Args:
            artefacts: those that are taken, by the names of their folders.
            alone: take one on a worker that does nothing else.
        """
        one = _Waiting(artefacts, alone)
        with self._lock:
            if self._error is None:
                self._waiting.append(one)
                self._match()
        if self._error is None:
            one.called.wait()
        if one.slot is None:
            assert self._error is not None  # nothing else ends the wait without a slot
            raise self._error
        return one.slot

    def give_back(self, slot: Slot, artefacts: frozenset[str]) -> None:
        """End the use of a slot, on a worker that holds these artefacts by now."""
        with self._lock:
            desk = slot.desk
            if self._desks.get(desk.worker.address) is not desk:
                return  # it is gone
            desk.free.append(slot.number)
            desk.holds |= artefacts
            desk.is_alone = False
            self._match()

    def _match(self) -> None:
        for one in [one for one in self._waiting if one.alone]:
            self._seat_alone(one)
        while (best := self._find_best()) is not None:
            one, desk = best
            for earlier in self._waiting[: self._waiting.index(one)]:
                earlier.passes += 1
            self._seat(one, desk)

    def _find_best(self) -> tuple[_Waiting, _Desk] | None:
        """The pair of a stage that waits and a free worker that holds most of what it takes."""
        ones = [one for one in self._waiting[:_LOOKED_AT] if not one.alone]
        desks = [d for d in self._desks.values() if d.free and not (d.kept_for or d.is_alone)]
        if not ones or not desks:
            return None
        if ones[0].passes >= _MOST_PASSES:
            ones = ones[:1]
        return max(
            ((one, desk) for one in ones for desk in desks),
            key=lambda pair: (len(pair[0].artefacts & pair[1].holds), len(pair[1].free)),
        )

    def _seat_alone(self, one: _Waiting) -> None:
        """Give it an idle worker, or keep the least busy one for it."""
        kept = next((desk for desk in self._desks.values() if desk.kept_for is one), None)
        open_to_it = [d for d in self._desks.values() if d.kept_for is None and not d.is_alone]
        idle = next((desk for desk in open_to_it if desk.is_idle), None)
        desk = kept if kept and kept.is_idle else idle
        if desk is not None:
            if kept is not None:
                kept.kept_for = None
            desk.is_alone = True
            self._seat(one, desk)
        elif kept is None and open_to_it:
            least = max(open_to_it, key=lambda d: len(d.free) - d.worker.room)
            least.kept_for = one

    def _seat(self, one: _Waiting, desk: _Desk) -> None:
        self._waiting.remove(one)
        one.slot = Slot(desk, desk.free.pop(0))
        one.called.set()
