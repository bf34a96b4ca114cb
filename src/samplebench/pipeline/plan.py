"""Plans: every cell that a suite asks for, what is known of it already, and what cannot be."""

import hashlib
import itertools
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from statistics import mean
from typing import Any, Literal

from samplebench.contracts.latents import LatentSpace
from samplebench.errors import BadSetting, NothingToRun, UsageError
from samplebench.pipeline.measures import Measure, all_measures, applicable
from samplebench.pipeline.setup import harness_code
from samplebench.pipeline.suite import Suite
from samplebench.registry.loading import Parts
from samplebench.registry.registry import Chosen, Registry
from samplebench.results.record import Record

_TRAINING = ("train", "encode")

State = Literal["to do", "measured", "stale", "refused"]


@dataclass(frozen=True)
class CellNames:
    """A cell as plain text, for other processes; ``Cell.of`` reads it."""

    dataset: str
    autoencoder: str
    sampler: str | None
    seed: int


@dataclass(frozen=True)
class Cell:
    """One autoencoder and one sampler on one dataset with one seed.

    Without a sampler it is the reconstruction row: held-out latents in place of drawn ones.
    """

    dataset: Chosen
    autoencoder: Chosen
    sampler: Chosen | None
    seed: int

    @staticmethod
    def of(names: CellNames, parts: Parts) -> "Cell":
        return Cell(
            parts.datasets.choose(names.dataset)[0],
            parts.autoencoders.choose(names.autoencoder)[0],
            parts.samplers.choose(names.sampler)[0] if names.sampler else None,
            names.seed,
        )

    @property
    def names(self) -> CellNames:
        sampler = str(self.sampler) if self.sampler else None
        return CellNames(str(self.dataset), str(self.autoencoder), sampler, self.seed)

    @property
    def row(self) -> str:
        return str(self.sampler) if self.sampler else "reconstruction"

    @property
    def label(self) -> str:
        return f"{self.dataset} / {self.autoencoder} / {self.row} / seed {self.seed}"

    def identity(self, protocol: Mapping[str, Any], checkpoint: str | None) -> str:
        """The digest of everything that decides the scores, but the code."""
        parts = {
            part.part.kind if part else "reference": (
                [part.part.name, part.settings] if part else "reconstruction"
            )
            for part in (self.dataset, self.autoencoder, self.sampler)
        }
        content = {**parts, "protocol": protocol, "seed": self.seed, "checkpoint": checkpoint}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Planned:
    """A cell, what is to be done with it and why, and the record that it has already."""

    cell: Cell
    identity: str
    state: State
    reason: str | None
    measures: tuple[Measure, ...]
    record: Record | None


@dataclass(frozen=True)
class Plan:
    """The grid of a suite, in the order in which it is measured."""

    suite: Suite
    cells: tuple[Planned, ...]
    checkpoint: str | None
    records: tuple[Record, ...] = field(repr=False)
    """All records of this suite; times are guessed from them."""

    def of_state(self, *states: State) -> list[Planned]:
        return [planned for planned in self.cells if planned.state in states]

    def estimated_seconds(self, todo: Sequence[Planned]) -> float | None:
        """How long measuring ``todo`` will take; ``None`` when nothing is known to guess from."""
        measured = [record for record in self.records if record.status == "measured"]
        if measured:
            trainings = {(str(p.cell.dataset), p.cell.autoencoder.key, p.cell.seed) for p in todo}
            training = _mean_seconds(measured, lambda stage: stage in _TRAINING)
            cell = _mean_seconds(measured, lambda stage: stage not in _TRAINING)
            return len(trainings) * training + len(todo) * cell
        if self.suite.minutes is None or not self.cells:
            return None
        return 60 * self.suite.minutes * len(todo) / len(self.cells)


def make_plan(
    suite: Suite,
    parts: Parts,
    records: Iterable[Record],
    *,
    data_dir: Path,
    checkpoint: Path | None = None,
    only: str | None = None,
    again: bool = False,
) -> Plan:
    """Every cell of the suite and what is known of it. Trains nothing and reads no data.

    Args:
        only: a pattern such as ``*/vae*/pmfs*``; cells whose label it does not match are left out.
        again: measured cells are to be measured again.

    Raises:
        UsageError: an unknown part, setting or value, or a checkpoint for several autoencoders.
        NothingToRun: no cell is left.
    """
    records = tuple(records)
    known = {record.identity: record for record in records}
    features = _choose_all(parts.features, suite.features)
    metrics = _choose_all(parts.metrics, suite.metrics)
    digest = _checkpoint_digest(checkpoint, suite, parts)
    spaces = _Spaces(data_dir)
    planned = []
    for cell in _grid(suite, parts):
        if only and not fnmatchcase(cell.label.replace(" / ", "/"), only):
            continue
        identity = cell.identity(suite.protocol, digest)
        record = known.get(identity)
        measures = all_measures(metrics, features, also=_measured(record, parts))
        planned.append(_planned(cell, identity, record, spaces.of(cell), measures, again))
    if not planned:
        wanted = f"no cell matches --only {only!r}" if only else "the suite has no cell"
        raise NothingToRun(f"{wanted}; `samplebench plan` shows the labels of all cells")
    return Plan(suite, tuple(planned), digest, records)


def _measured(record: Record | None, parts: Parts) -> list[Measure]:
    """What the cell's record holds already: measuring more must not lose it."""
    found = []
    for score in record.scores if record else ():
        try:
            metric = parts.metrics.choose(score.metric.spec)[0]
            extractor = score.features and parts.features.choose(score.features.part.spec)[0]
            found.append(Measure(metric, extractor or None))
        except UsageError:  # its plugin is gone; the earlier record is kept beside the new one
            continue
    return found


def _grid(suite: Suite, parts: Parts) -> Iterable[Cell]:
    samplers = (None, *_choose_all(parts.samplers, suite.samplers))
    return itertools.starmap(
        lambda dataset, autoencoder, seed, sampler: Cell(dataset, autoencoder, sampler, seed),
        itertools.product(
            _choose_all(parts.datasets, suite.datasets),
            _choose_all(parts.autoencoders, suite.autoencoders),
            dict.fromkeys(suite.seeds),
            samplers,
        ),
    )


def _choose_all(registry: Registry, texts: Iterable[str]) -> tuple[Chosen, ...]:
    """Every part that the texts name, each once."""
    chosen = [part for text in texts for part in registry.choose(text)]
    return tuple({part.key: part for part in reversed(chosen)}.values())[::-1]


def _checkpoint_digest(checkpoint: Path | None, suite: Suite, parts: Parts) -> str | None:
    if checkpoint is None:
        return None
    if not checkpoint.is_file():
        raise UsageError(f"--checkpoint {checkpoint}: there is no such file")
    if len(_choose_all(parts.autoencoders, suite.autoencoders)) != 1:
        raise UsageError(
            "--checkpoint holds the weights of one autoencoder; name it with --autoencoder"
        )
    with checkpoint.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


class _Spaces:
    """The latent space of each autoencoder on each dataset, asked once."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.known: dict[str, LatentSpace | str] = {}

    def of(self, cell: Cell) -> LatentSpace | str:
        """The space, or why this autoencoder cannot be built for these images."""
        key = f"{cell.dataset} {cell.autoencoder}"
        if key not in self.known:
            shape = cell.dataset.build(self.data_dir).image_shape
            try:
                self.known[key] = cell.autoencoder.build(shape).latent_space
            except BadSetting as error:
                self.known[key] = str(error)
        return self.known[key]


def _planned(
    cell: Cell,
    identity: str,
    record: Record | None,
    space: LatentSpace | str,
    measures: Sequence[Measure],
    again: bool,
) -> Planned:
    if objection := _objection(cell, space):
        return Planned(cell, identity, "refused", objection, (), record)
    assert not isinstance(space, str)
    asked = applicable(measures, space, cell.sampler is not None)
    state, reason = _state(cell, record, asked, again)
    return Planned(cell, identity, state, reason, asked, record)


def _objection(cell: Cell, space: LatentSpace | str) -> str | None:
    """Why the autoencoder and the sampler cannot meet."""
    if isinstance(space, str):
        return space
    objection: str | None = cell.sampler.build().objection(space) if cell.sampler else None
    return objection


def _state(
    cell: Cell, record: Record | None, asked: Sequence[Measure], again: bool
) -> tuple[State, str | None]:
    if record is None:
        return "to do", None
    if record.status != "measured":
        return "to do", f"was {record.status}: {record.reason or 'a score has a problem'}"
    if changed := _changed_code(cell, record, asked):
        return "stale", f"measured with other code of {', '.join(changed)}"
    there = {score.key for score in record.scores}
    if missing := [str(measure) for measure in asked if measure.key not in there]:
        return "to do", f"not measured yet: {', '.join(missing)}"
    return ("to do", "measured again") if again else ("measured", None)


def _changed_code(cell: Cell, record: Record, asked: Sequence[Measure]) -> list[str]:
    """The sources that are not what they were when the record was made."""
    now = {
        chosen.key: chosen
        for chosen in (
            *(cell.dataset, cell.autoencoder, cell.sampler),
            *(part for measure in asked for part in (measure.metric, measure.features)),
        )
        if chosen is not None
    }
    then = {
        part.key: part
        for part in (
            *(record.dataset, record.autoencoder, record.sampler),
            *(score.metric for score in record.scores),
            *(score.features.part for score in record.scores if score.features),
        )
        if part is not None
    }
    changed = [
        f"{chosen.part.kind} '{chosen.part.name}'"
        for key, chosen in now.items()
        if key in then and then[key].code != chosen.part.plugin.code
    ]
    return changed + ["the harness"] * (record.provenance.harness != harness_code())


def _mean_seconds(records: Sequence[Record], counts: Callable[[str], bool]) -> float:
    """Mean wall seconds of those stages together that count."""
    return mean(
        sum(cost.wall_seconds for stage, cost in record.costs.items() if counts(stage))
        for record in records
    )
