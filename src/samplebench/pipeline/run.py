"""Runs: a plan carried out, stage by stage, each in a child of its own.

The record on disk is the truth. Whatever happens to a child, every cell that was asked for leaves
one; a failure never takes the place of a measurement.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Protocol, runtime_checkable

from samplebench.errors import StorageError
from samplebench.pipeline.children import Children, Failure
from samplebench.pipeline.plan import Plan, Planned
from samplebench.pipeline.recording import Recording
from samplebench.pipeline.setup import Setup
from samplebench.pipeline.worker import (
    Order,
    keep_data,
    measure,
    prepare_autoencoder,
    prepare_features,
)
from samplebench.results.record import Record
from samplebench.results.store import Store, write_whole
from samplebench.training import Progress


@runtime_checkable
class Display(Protocol):
    """Somewhere to show how a run is going."""

    def begin(self, cells: int) -> None: ...
    def stage(self, name: str) -> None: ...
    def progress(self, progress: Progress) -> None: ...
    def finished(self, planned: Planned, record: Record) -> None: ...


@dataclass
class Tally:
    """What came of a run."""

    measured: int = 0
    incomplete: int = 0
    failed: int = 0
    refused: int = 0
    reasons: dict[str, list[str]] = field(default_factory=dict)
    """Why cells failed, and which did for that reason."""

    def add(self, record: Record) -> None:
        setattr(self, record.status, getattr(self, record.status) + 1)
        if record.status in ("failed", "incomplete"):
            told = record.reason or next(
                s.problem for s in record.scores if s.problem and not s.settled
            )
            assert told is not None
            self.reasons.setdefault(told, []).append(record.label)


class Run:
    """One run of a plan."""

    def __init__(self, plan: Plan, setup: Setup, display: Display) -> None:
        self.plan, self.setup, self.display = plan, setup, display
        self.store = Store(setup.results)
        self.children: Children[object] = Children(*_preloaded(setup))
        self.tally = Tally()
        self.expected = 0

    def __call__(self, *, keep_stale: bool = False) -> Tally:
        """Measure what is to be measured, and write down what was refused.

        Raises:
            StorageError: a record could not be written. What was measured before is kept.
        """
        self.store.require_writable(self.plan.suite.name)
        self._move_rows()
        for planned in self.plan.of_state("refused"):
            self._leave(planned, None, "refused", planned.reason or "")
        wanted = self.plan.of_state("to do", *(() if keep_stale else ("stale",)))
        self.expected = len(wanted)
        self.display.begin(self.expected)
        possible = self.plan.of_state("to do", "stale", "measured")
        for dataset in dict.fromkeys(str(planned.cell.dataset) for planned in possible):
            cells = [planned for planned in wanted if str(planned.cell.dataset) == dataset]
            self._measure_dataset(dataset, cells)
        return self.tally

    def _move_rows(self) -> None:
        """What the suite moved from table to appendix, or back, is moved in its record."""
        for planned in self.plan.cells:
            record, appendix = planned.record, planned.cell.appendix
            if record is not None and record.appendix != appendix:
                moved = record.model_copy(update={"appendix": appendix})
                write_whole(self.store.record_path(record), moved.to_json())

    def _measure_dataset(self, dataset: str, cells: list[Planned]) -> None:
        """Measure some cells of a dataset, and those whose images are no longer what they were."""
        data = self._child(f"reading {dataset}", keep_data, dataset)
        if isinstance(data, Failure):
            self._fail(cells, None, data)
            return
        others = self._measured_on_other_data(dataset, str(data))
        self.expected += len(others)
        self.display.begin(self.expected)
        cells += others
        features = self._features(cells, str(data))
        by_autoencoder = sorted(cells, key=_training)
        for _, group in groupby(by_autoencoder, key=_training):
            self._measure_autoencoder(list(group), str(data), features)

    def _measured_on_other_data(self, dataset: str, data: str) -> list[Planned]:
        """Cells whose records hold, but for images that are no longer the dataset's."""
        return [
            planned
            for planned in self.plan.of_state("measured")
            if str(planned.cell.dataset) == dataset
            and planned.record is not None
            and planned.record.provenance.data != data
        ]

    def _features(self, cells: Iterable[Planned], data: str) -> dict[str, Path | str]:
        """The artefact of each extractor that the cells need, or why there is none."""
        wanted = {str(m.features): None for c in cells for m in c.measures if m.features}
        found: dict[str, Path | str] = {}
        for name in wanted:
            artefact = self._child(
                f"features: {name}", prepare_features, self.plan.suite, name, data
            )
            found[name] = artefact.reason if isinstance(artefact, Failure) else _path(artefact)
        return found

    def _measure_autoencoder(
        self, cells: list[Planned], data: str, features: Mapping[str, Path | str]
    ) -> None:
        first = cells[0].cell
        suite = self.plan.suite
        title = f"autoencoder: {first.autoencoder} on {first.dataset}, seed {first.seed}"
        artefact = self._child(title, prepare_autoencoder, suite, first.names, data)
        if isinstance(artefact, Failure):
            self._fail(cells, data, artefact)
            return
        for planned in cells:
            order = Order(
                suite,
                planned.cell.names,
                tuple(measure.names for measure in planned.measures),
                data,
                _path(artefact),
                {name: place for name, place in features.items() if name in _features_of(planned)},
                self.plan.checkpoint,
            )
            self._measure(planned, order)

    def _measure(self, planned: Planned, order: Order) -> None:
        left = self._child(f"measuring {planned.cell.label}", measure, order)
        if isinstance(left, Failure):
            self._fail([planned], order.fingerprint, left)
            return
        record = Record.from_json(_path(left).read_text(encoding="utf-8"))
        self.tally.add(record)
        self.display.finished(planned, record)

    def _child(self, title: str, work: object, *arguments: object) -> object:
        assert callable(work)
        self.display.stage(title)
        name = "".join(c if c.isalnum() else "-" for c in title)[:120]
        answer = self.children.run(
            work,
            self.setup,
            *arguments,
            log=self.setup.workspace / "logs" / f"{name}.log",
            report=self.display.progress,
        )
        if isinstance(answer, Failure) and answer.exit_code == StorageError.exit_code:
            raise StorageError(answer.reason)
        return answer

    def _fail(self, cells: Iterable[Planned], data: str | None, failure: Failure) -> None:
        for planned in cells:
            self._leave(planned, data, "failed", failure.reason)

    def _leave(self, planned: Planned, data: str | None, status: str, reason: str) -> None:
        recording = Recording(
            self.setup, self.plan.suite, planned.cell, self.plan.checkpoint, data
        )
        record = recording.unmeasured("refused" if status == "refused" else "failed", reason)
        if _may_replace(planned.record, record):
            self.store.write(record)
        self.tally.add(record)
        self.display.finished(planned, record)


def _preloaded(setup: Setup) -> tuple[str, ...]:
    """What the fork server imports. Plugins only where none is to be left out."""
    plugins = setup.plugins.installed and not setup.plugins.disabled
    return (*(["samplebench.pipeline.warm_plugins"] * plugins), "samplebench.pipeline.warm")


def _may_replace(earlier: Record | None, record: Record) -> bool:
    """A reason never takes the place of numbers, nor of the same reason."""
    if earlier is None:
        return True
    if earlier.status in ("measured", "incomplete"):
        return False
    return (earlier.status, earlier.reason) != (record.status, record.reason)


def _training(planned: Planned) -> tuple[str, int]:
    """Cells that are equal in this share a trained autoencoder."""
    return planned.cell.autoencoder.key, planned.cell.seed


def _features_of(planned: Planned) -> set[str]:
    return {str(measure.features) for measure in planned.measures if measure.features}


def _path(artefact: object) -> Path:
    assert isinstance(artefact, Path)
    return artefact
