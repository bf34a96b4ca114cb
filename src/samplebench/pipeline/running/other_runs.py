"""The records that other runs on the same folder wrote since this one was planned."""

from collections.abc import Mapping
from pathlib import Path

from samplebench.pipeline.request.plan import Planned
from samplebench.pipeline.stages.cell import CellStage
from samplebench.pipeline.stages.stage import Stage
from samplebench.results.record import Record, name_file
from samplebench.results.store import Store

_Stamp = tuple[int, int] | None


class OtherRuns:
    """Finds the cells that another run measured, or tried in vain, while this one was at others.

    Args:
        cells: those that this run was planned to measure.
    """

    def __init__(self, store: Store, suite: str, cells: Mapping[CellStage, Planned]) -> None:
        self._store = store
        self._cells, folder = cells, store.records_folder(suite)
        self._paths = {stage: _path_in(folder, planned) for stage, planned in cells.items()}
        self._before = {
            stage: self._stamp_as_planned(path, cells[stage])
            for stage, path in self._paths.items()
        }

    def find(self, stage: Stage) -> Path | None:
        """The record of a cell, if another run wrote it after the plan was made and its outcome
        would be that of this run.
        """
        if not isinstance(stage, CellStage):
            return None
        path = self._paths[stage]
        if (stamp := _stamp_of(path)) is None or stamp == self._before[stage]:
            return None
        record = self._store.find(path)
        return path if record and _is_outcome(record, self._cells[stage]) else None

    def _stamp_as_planned(self, path: Path, planned: Planned) -> _Stamp:
        """The stamp of the record that the plan knows; none if there is another by now."""
        stamp = _stamp_of(path)
        return stamp if stamp and self._store.find(path) == planned.record else None


def _is_outcome(record: Record, planned: Planned) -> bool:
    """Say if a record is of a measurement that was made since, with every score that is asked for
    here; or of a failure that does not depend on the limits or the machine of a run.
    """
    if record.status == "failed":
        return record.failure in ("error", "non-finite")
    earlier = planned.record
    if earlier and earlier.provenance.finished == record.provenance.finished:
        return False  # it was only stamped
    asked = {bound.key for bound in planned.metrics.metrics}
    return record.status in ("measured", "incomplete") and asked <= {
        score.key for score in record.scores
    }


def _path_in(folder: Path, planned: Planned) -> Path:
    cell = planned.cell
    autoencoder = cell.autoencoder.part.name
    row = cell.sampler.part.name if cell.sampler else "reconstruction"
    name = name_file(
        cell.dataset.part.name, autoencoder, row, seed=cell.seed, identity=planned.identity
    )
    return folder / autoencoder / name


def _stamp_of(path: Path) -> _Stamp:
    """A value that changes whenever the file is written."""
    try:
        status = path.lstat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino
