"""Carrying out stages, each as soon as those that it needs are done."""

import time
import uuid
from collections.abc import Callable, Collection, Generator, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Protocol, runtime_checkable

from samplebench.errors import StorageError
from samplebench.pipeline.running.carry_out import carry_out
from samplebench.pipeline.running.children.parent import ChildDied
from samplebench.pipeline.running.claims import Claim, take_claim
from samplebench.pipeline.running.elsewhere import Elsewhere
from samplebench.pipeline.running.progress_file import ProgressFile
from samplebench.pipeline.running.turns import Turns
from samplebench.pipeline.running.watcher import Watcher
from samplebench.pipeline.stages.stage import Failure, Outcome, Stage

_SECONDS_BETWEEN_LOOKS = 0.5  # at the progress of stages, and at those that another run has

Find = Callable[[Stage], Path | None]
"""Gives the work of a stage that another run did since this one was planned."""

Guess = Callable[[Stage], float]
"""Gives the length of a stage, in any unit."""


@runtime_checkable
class Elastic(Protocol):
    """An executor that says itself how many stages it takes, as its workers come and go."""

    @property
    def room(self) -> int: ...


def complete(
    stages: Iterable[Stage],
    made: Mapping[Stage, Outcome],
    executor: Executor,
    watcher: Watcher,
    *,
    at_once: int,
    find: Find = lambda stage: None,
    guess: Guess = lambda stage: 1.0,
) -> Generator[tuple[Stage, Outcome], None, None]:
    """Carry out stages and all that they need, up to ``at_once`` at a time; give each as it ends.

    Earlier stages go first, as far as what they need is there and ``Turns`` lets them. A stage
    fails for the reason for which one that it needs failed. One that another run has begun waits
    until that is over.

    Args:
        made: the outcomes of stages that need not be carried out.
        at_once: at most, unless the executor is elastic.

    Raises:
        StorageError: work could not be written.
    """
    outcomes = dict(made)
    order = [stage for stage in chain(stages) if stage not in outcomes]
    places = {stage: place for place, stage in enumerate(order)}
    before = {place: _find_before(stage, places) for place, stage in enumerate(order)}
    sorter = TopologicalSorter(before)
    sorter.prepare()
    turns, elsewhere = Turns([guess(stage) for stage in order], before), Elsewhere(watcher)
    turns.add(*sorter.get_ready())
    running: dict[Future[Outcome], tuple[int, _Task]] = {}
    try:
        looked = time.monotonic()
        while turns or running:
            busy = []
            while turns and len(running) < (room := _room(executor, at_once)):
                place = turns.take(room)
                if task := _start(order[place], outcomes, executor, watcher, find):
                    running[task.future] = place, task
                else:
                    busy.append(place)
            elsewhere.show(() if running else [order[place].title for place in busy])
            for future in _wait(running):
                place, task = running[future]
                stage, outcome = order[place], _outcome(future)
                task.report.remove()
                watcher.ended(stage.title)
                outcomes[stage] = outcome
                yield stage, outcome  # which is written down before others may claim it
                running.pop(future)
                task.claim.release()
                sorter.done(place)
            if time.monotonic() - looked >= _SECONDS_BETWEEN_LOOKS:
                _show_progress(running.values(), order, watcher)
                looked = time.monotonic()
            turns.put_back(*busy)
            turns.add(*sorter.get_ready())
    except BaseException:  # GeneratorExit too: the reader has seen enough
        executor.shutdown(cancel_futures=True)
        raise
    finally:
        elsewhere.show(())
        for _, task in running.values():
            task.claim.release()


def _room(executor: Executor, at_once: int) -> int:
    return executor.room if isinstance(executor, Elastic) else at_once


def chain(stages: Iterable[Stage]) -> list[Stage]:
    """Stages with all that they need and want before them, each once."""
    ordered: dict[Stage, None] = {}
    for stage in stages:
        if stage not in ordered:
            ordered |= dict.fromkeys(chain((*stage.needs, *stage.wants)))
            ordered[stage] = None
    return list(ordered)


def _find_before(stage: Stage, places: Mapping[Stage, int]) -> list[int]:
    """The stages of this run that have to be over before ``stage``."""
    return [places[other] for other in (*stage.needs, *stage.wants) if other in places]


@dataclass(frozen=True)
class _Task:
    """A stage that is carried out, the place of its progress, and the claim on it."""

    future: Future[Outcome]
    report: ProgressFile
    claim: Claim


def _start(
    stage: Stage,
    outcomes: Mapping[Stage, Outcome],
    executor: Executor,
    watcher: Watcher,
    find: Find,
) -> _Task | None:
    """Have a stage carried out, unless one that it needs failed; ``None`` if another run has it
    carried out.
    """
    report = ProgressFile(stage.site.workspace / "progress" / f"{uuid.uuid4().hex}.json")
    failures = [o for need in stage.needs if isinstance(o := outcomes[need], Failure)]
    claim = Claim() if failures else take_claim(stage.shared_in, repr(stage))
    if claim is None:
        return None
    watcher.started(stage.title)
    if settled := failures[0] if failures else find(stage):
        future: Future[Outcome] = Future()
        future.set_result(settled)
        return _Task(future, report, claim)
    known = {other: outcomes[other] for other in (*stage.needs, *stage.wants)}
    try:
        return _Task(executor.submit(carry_out, stage, known, report), report, claim)
    except BaseException:
        claim.release()
        raise


def _show_progress(
    running: Iterable[tuple[int, _Task]], order: Sequence[Stage], watcher: Watcher
) -> None:
    for place, task in running:
        if progress := task.report.read():
            watcher.progressed(order[place].title, progress)


def _wait(running: Collection[Future[Outcome]]) -> Collection[Future[Outcome]]:
    """Wait a little for what runs, or for other runs; give what ended."""
    if not running:
        time.sleep(_SECONDS_BETWEEN_LOOKS)
        return ()
    return wait(running, _SECONDS_BETWEEN_LOOKS, FIRST_COMPLETED).done


def _outcome(future: Future[Outcome]) -> Outcome:
    """The outcome of a stage, whatever became of the process that carried it out."""
    try:
        outcome = future.result()
    except ChildDied as error:
        return Failure(error.kind, str(error))
    if isinstance(outcome, Failure) and outcome.kind == "storage":
        raise StorageError(outcome.reason)
    return outcome
