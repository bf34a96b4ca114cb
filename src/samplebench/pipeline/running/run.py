"""Runs: a plan is carried out, and every cell that was asked for leaves a record.

The record on disk is the truth. A failure never takes the place of a measurement.
"""

from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from contextlib import closing
from pathlib import Path
from typing import Protocol, runtime_checkable

from samplebench.errors import DataMissing, WeightsMissing
from samplebench.pipeline.request.plan import Plan, Planned
from samplebench.pipeline.running.graph import complete
from samplebench.pipeline.running.lengths import guess_lengths
from samplebench.pipeline.running.other_runs import OtherRuns
from samplebench.pipeline.running.outcomes import Outcomes
from samplebench.pipeline.running.stages_of_plan import cell_stage, data_stage, terms_of
from samplebench.pipeline.running.watcher import Watcher
from samplebench.pipeline.stages.cell import CellStage
from samplebench.pipeline.stages.recording import Recording
from samplebench.pipeline.stages.stage import Failure, Outcome, Stage
from samplebench.pipeline.workspace import Site
from samplebench.results.record import Record
from samplebench.results.store import Store, write_whole


@runtime_checkable
class Display(Watcher, Protocol):
    """Somewhere to show how a run is going."""

    def expect(self, cells: int) -> None: ...
    def finished(self, record: Record) -> None: ...


def run(
    plan: Plan,
    site: Site,
    executor: Executor,
    display: Display,
    *,
    max_failures: int | None = None,
) -> Outcomes:
    """Measure the cells that are to do, stale, or measured on other data than today's, and write
    down which were refused. Several runs on one folder share the cells.

    Args:
        max_failures: when so many cells have failed, those at work are killed, and the rest stays
            to do.

    Raises:
        DataMissing: the files of a dataset are missing. Nothing was written.
        WeightsMissing: those of a feature extractor are. Nothing was written.
        StorageError: a record could not be written. What was measured before is kept.
    """
    made = read_data(plan.cells, site, executor, display)
    wanted = plan.of_status("to do", "stale") + _measured_on_other_data(plan, site, made)
    cells = {cell_stage(planned, plan, site): planned for planned in wanted}
    made |= _fit_features(cells, made, site, executor, display)
    store, outcomes = Store(site.results), Outcomes()
    store.require_writable(plan.suite.name)
    write_whole(store.suite_path(plan.suite.name), plan.suite.to_toml())
    for planned in plan.of_status("refused"):
        record = _recording(planned, plan, site, None).refused(planned.reason or "")
        _keep(record, planned.record, store, outcomes, display)
    display.expect(len(wanted))
    others = OtherRuns(store, plan.suite.name, cells)
    guess = guess_lengths(plan.records)
    ended = complete(
        cells, made, executor, display, at_once=site.jobs, find=others.find, guess=guess
    )
    with closing(ended):  # whatever happens here, what is carried out is ended with it
        for stage, outcome in ended:
            if not isinstance(stage, CellStage):
                continue
            if isinstance(outcome, Failure):
                recording = _recording(cells[stage], plan, site, _fingerprint(made, stage))
                record = recording.failed(outcome)
                _keep(record, cells[stage].record, store, outcomes, display)
            else:
                record = Record.from_json(outcome.read_text(encoding="utf-8"))
                outcomes.add(record)
                display.finished(record)
            if outcomes.failed == max_failures:
                outcomes.left = len(wanted) - outcomes.tried
                break
    _update_measured(plan, store, measured_again=wanted)
    return outcomes


def read_data(
    cells: Iterable[Planned], site: Site, executor: Executor, watcher: Watcher
) -> dict[Stage, Outcome]:
    """Read every dataset on which a cell can be measured.

    Raises:
        DataMissing: files are missing; the message names every dataset that lacks some.
    """
    stages = [data_stage(cell, site) for cell in cells if cell.status != "refused"]
    made: dict[Stage, Outcome] = dict(complete(stages, {}, executor, watcher, at_once=site.jobs))
    if missing := _list_missing({str(stage.dataset): made[stage] for stage in stages}):
        raise DataMissing(missing)
    return made


def _fit_features(
    cells: Iterable[CellStage],
    made: Mapping[Stage, Outcome],
    site: Site,
    executor: Executor,
    watcher: Watcher,
) -> dict[Stage, Outcome]:
    """Fit the feature extractors of the cells before any autoencoder is trained.

    Raises:
        WeightsMissing: the weights of some are missing; the message names all of these.
    """
    stages = list(dict.fromkeys(features for cell in cells for features in cell.features))
    fitted: dict[Stage, Outcome] = dict(
        complete(stages, made, executor, watcher, at_once=site.jobs)
    )
    if missing := _list_missing({str(stage.features): fitted[stage] for stage in stages}):
        raise WeightsMissing(missing)
    return fitted


def _list_missing(outcomes: Mapping[str, Outcome]) -> str:
    """Name what lacks files, each with what to do; empty if nothing does."""
    lines = [
        f"'{name}' cannot be used: {outcome.reason}"
        for name, outcome in outcomes.items()
        if isinstance(outcome, Failure) and outcome.kind == "missing"
    ]
    return "\n".join([*lines, "Nothing was measured."]) if lines else ""


def _measured_on_other_data(
    plan: Plan, site: Site, made: Mapping[Stage, Outcome]
) -> list[Planned]:
    """Cells whose records hold, but for data that are no longer the dataset's."""
    return [
        planned
        for planned in plan.of_status("measured", "unverified")
        if planned.record is not None
        and isinstance(place := made[data_stage(planned, site)], Path)
        and planned.record.provenance.data != place.name
    ]


def _fingerprint(made: Mapping[Stage, Outcome], stage: CellStage) -> str | None:
    place = made[stage.autoencoder.data]
    return place.name if isinstance(place, Path) else None


def _recording(planned: Planned, plan: Plan, site: Site, data: str | None) -> Recording:
    """The recording of a cell that gave nothing. Its parts are not asked again.

    Args:
        data: the fingerprint of the data, if they could be read.
    """
    return Recording(
        site,
        terms_of(plan.suite),
        planned.cell,
        planned.metrics.metrics,
        planned.loaded,
        data,
        planned.metrics.floors,
        planned.control,
    )


def _keep(
    record: Record, earlier: Record | None, store: Store, outcomes: Outcomes, display: Display
) -> None:
    """Write a reason down. It takes the place of no numbers, nor of the same reason.

    Args:
        earlier: the record that was planned with; another run may have written one since.
    """
    earlier = store.find(store.record_path(record)) or earlier
    replaces = earlier is None or (
        earlier.status not in ("measured", "incomplete")
        and (earlier.status, earlier.reason) != (record.status, record.reason)
    )
    if replaces:
        store.write(record)
    elif earlier is not None:
        store.touch(earlier)
    outcomes.add(record)
    display.finished(record)


def _update_measured(plan: Plan, store: Store, *, measured_again: list[Planned]) -> None:
    """Bring up to date what records that were not measured again state of themselves: their place
    in the board, and if code or versions changed since.
    """
    again = {planned.identity for planned in measured_again}
    for planned in plan.of_status("measured", "unverified"):
        record = planned.record
        assert record is not None  # it has this status for its record
        if planned.identity in again:
            continue
        updated = record.model_copy(update={"appendix": planned.cell.appendix})
        if record.verification.state != planned.status:
            change = {"state": planned.status, "reason": planned.reason}
            verification = record.verification.model_copy(update=change)
            updated = updated.model_copy(update={"verification": verification})
        # Another run may have replaced it meanwhile.
        if updated != record and store.find(store.record_path(record)) in (record, None):
            store.update(updated)
