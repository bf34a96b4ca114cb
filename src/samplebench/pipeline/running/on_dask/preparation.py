"""A call as a worker gets it: with the worker's folders, and a list of what has to be there."""

import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from samplebench.pipeline.running.on_dask.courier import Parcel, pack_artefact, pack_file
from samplebench.pipeline.running.on_dask.packed import Packed
from samplebench.pipeline.running.on_dask.relocation import Moves, relocate
from samplebench.pipeline.running.on_dask.worker import Worker
from samplebench.pipeline.running.progress_file import ProgressFile
from samplebench.pipeline.stages.autoencoder import AutoencoderStage
from samplebench.pipeline.stages.stage import Outcome, Stage
from samplebench.pipeline.workspace import Site


@dataclass(frozen=True)
class Call:
    """A stage that is carried out: what ``graph`` hands to an executor."""

    fn: Callable[..., Any]
    stage: Stage
    made: Mapping[Stage, Outcome]
    report: ProgressFile

    @property
    def artefacts(self) -> frozenset[str]:
        """The names of the artefacts that it takes."""
        workspace = self.stage.site.workspace
        places = [place for place in self.made.values() if isinstance(place, Path)]
        return frozenset(name_artefact(place, workspace) for place in places)


def name_artefact(place: Path, workspace: Path) -> str:
    return str(place.relative_to(workspace)) if place.is_relative_to(workspace) else str(place)


def pack(call: Call, worker: Worker) -> Packed:
    """Pack a call for a worker that sees the folders of the run."""
    moves: Moves = {call.stage.site: worker.site}
    made = {relocate(stage, moves): outcome for stage, outcome in call.made.items()}
    arguments = (relocate(call.stage, moves), made, call.report)
    return Packed(call.stage.title, pickle.dumps((call.fn, arguments)))


def pack_to_travel(call: Call, worker: Worker) -> tuple[Packed, list[Parcel]]:
    """Pack a call for a worker that does not, with all the files that it takes."""
    site, workspace = call.stage.site, worker.site.workspace
    plugins = [pack_file("plugins", Path(file)) for file in site.plugins.files]
    files = {file: pack_file("weights", file) for file in _list_weights(call)}
    there: Site = replace(
        worker.site,
        plugins=replace(site.plugins, files=tuple(_place(p, workspace) for p in plugins)),
    )
    moves: dict[Site | Path, Site | Path] = {site: there}
    moves |= {file: Path(_place(parcel, workspace)) for file, parcel in files.items()}
    parcels, made = [*plugins, *files.values()], {}
    for stage, outcome in call.made.items():
        place = outcome
        if isinstance(outcome, Path):
            parcels.append(pack_artefact(outcome, site.workspace))
            place = workspace / parcels[-1].name
        made[relocate(stage, moves)] = place
    report = ProgressFile(workspace / "progress" / call.report.path.name)
    arguments = (relocate(call.stage, moves), made, report)
    packed = Packed(call.stage.title, pickle.dumps((call.fn, arguments)), report.path)
    return packed, parcels


def _list_weights(call: Call) -> list[Path]:
    """The files of weights that are loaded in place of training."""
    stages = [call.stage, *call.made]
    weights = [stage.weights for stage in stages if isinstance(stage, AutoencoderStage)]
    return list(dict.fromkeys(path for path in weights if path))


def _place(parcel: Parcel, workspace: Path) -> str:
    """The place of its only file on a worker."""
    [name] = parcel.files
    return str(workspace / parcel.name / name)
