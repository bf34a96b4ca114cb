"""Carrying out stages, each as soon as those that it needs are done."""

import heapq
from collections.abc import Generator, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from graphlib import TopologicalSorter
from typing import Protocol, runtime_checkable

from samplebench.errors import StorageError
from samplebench.pipeline.running.carry_out import carry_out
from samplebench.pipeline.running.children.parent import ChildDied
from samplebench.pipeline.running.progress_file import ProgressFile
from samplebench.pipeline.stages.stage import Failure, Outcome, Stage
from samplebench.training import Progress

_SECONDS_BETWEEN_LOOKS = 0.5  # at the progress of stages


@runtime_checkable
class Watcher(Protocol):
    """Something that is informed of the stages that are carried out, and of their progress."""

    def started(self, title: str) -> None: ...
    def progressed(self, title: str, progress: Progress) -> None: ...
    def ended(self, title: str) -> None: ...


def complete(
    stages: Iterable[Stage],
    made: Mapping[Stage, Outcome],
    executor: Executor,
    watcher: Watcher,
    *,
    at_once: int,
) -> Generator[tuple[Stage, Outcome], None, None]:
    """Carry out stages and all that they need, up to ``at_once`` at a time; give each as it ends.

    Earlier stages go first, as far as what they need is there. A stage fails for the reason for
    which one that it needs failed.

    Args:
        made: the outcomes of stages that need not be carried out.

    Raises:
        StorageError: work could not be written.
    """
    outcomes = dict(made)
    order = [stage for stage in chain(stages) if stage not in outcomes]
    places = {stage: place for place, stage in enumerate(order)}
    before = {place: _find_before(stage, places) for place, stage in enumerate(order)}
    sorter = TopologicalSorter(before)
    sorter.prepare()
    ready = list(sorter.get_ready())
    running: dict[Future[Outcome], tuple[int, ProgressFile]] = {}
    try:
        while ready or running:
            while ready and len(running) < at_once:
                place = heapq.heappop(ready)
                future, report = _submit(order[place], outcomes, executor, watcher)
                running[future] = place, report
            ended, _ = wait(running, _SECONDS_BETWEEN_LOOKS, FIRST_COMPLETED)
            for future in ended:
                place, report = running.pop(future)
                stage, outcome = order[place], _outcome(future)
                report.remove()
                watcher.ended(stage.title)
                outcomes[stage] = outcome
                yield stage, outcome
                sorter.done(place)
            for place, report in running.values():
                if progress := report.read():
                    watcher.progressed(order[place].title, progress)
            for place in sorter.get_ready():
                heapq.heappush(ready, place)
    except BaseException:  # GeneratorExit too: the reader has seen enough
        executor.shutdown(cancel_futures=True)
        raise


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


def _submit(
    stage: Stage, outcomes: Mapping[Stage, Outcome], executor: Executor, watcher: Watcher
) -> tuple[Future[Outcome], ProgressFile]:
    """Have a stage carried out, unless one that it needs failed."""
    report = ProgressFile(stage.site.workspace / "progress" / f"{id(stage)}.json")
    failures = [o for need in stage.needs if isinstance(o := outcomes[need], Failure)]
    watcher.started(stage.title)
    if failures:
        future: Future[Outcome] = Future()
        future.set_result(failures[0])
        return future, report
    known = {other: outcomes[other] for other in (*stage.needs, *stage.wants)}
    return executor.submit(carry_out, stage, known, report), report


def _outcome(future: Future[Outcome]) -> Outcome:
    """The outcome of a stage, whatever became of the process that carried it out."""
    try:
        outcome = future.result()
    except ChildDied as error:
        return Failure(error.kind, str(error))
    if isinstance(outcome, Failure) and outcome.kind == "storage":
        raise StorageError(outcome.reason)
    return outcome
