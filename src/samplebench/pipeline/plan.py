"""Plans: every cell that a suite asks for, what is known of it already, and what cannot be."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from statistics import mean

from samplebench.contracts.latents import LatentSpace
from samplebench.contracts.sampler import Sampler
from samplebench.errors import BadSetting, NothingToRun, UsageError
from samplebench.pipeline.grid import Cell, choose_all, grid
from samplebench.pipeline.measures import Measure, all_measures, applicable
from samplebench.pipeline.standing import State, standing
from samplebench.pipeline.suite import Suite
from samplebench.registry.loading import Parts
from samplebench.results.record import Record

_TRAINING = ("train", "encode")


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
    size: int
    """Cells of the suite, those that the plan leaves out included."""
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
        if self.suite.minutes is None:
            return None
        return 60 * self.suite.minutes * len(todo) / self.size


def make_plan(
    suite: Suite,
    parts: Parts,
    records: Iterable[Record],
    *,
    data_dir: Path,
    checkpoint: Path | None = None,
    only: Sequence[str] = (),
    again: bool = False,
) -> Plan:
    """Every cell of the suite and what is known of it. Trains nothing and reads no data.

    Args:
        only: patterns such as ``*/vae*/pmfs*``; cells whose label none matches are left out.
        again: measured cells are to be measured again.

    Raises:
        UsageError: an unknown part, setting or value, or a checkpoint for several autoencoders.
        NothingToRun: no cell is left.
    """
    records = tuple(records)
    known = {record.identity: record for record in records}
    features = choose_all(parts.features, suite.features)
    metrics = choose_all(parts.metrics, suite.metrics)
    if not features and (name := next((str(m) for m in metrics if m.build().uses_features), None)):
        raise UsageError(
            f"the metric '{name}' needs features to measure in; name some in the suite or with "
            f"--features. Installed: {', '.join(parts.features)}."
        )
    digest = _checkpoint_digest(checkpoint, suite, parts)
    spaces = _Spaces(data_dir)
    planned = []
    cells = list(grid(suite, parts))
    for cell in cells:
        label = cell.label.replace(" / ", "/")
        if only and not any(fnmatchcase(label, pattern) for pattern in only):
            continue
        identity = cell.identity(suite.protocol, digest)
        record = known.get(identity)
        measures = all_measures(metrics, features, also=_measured(record, parts))
        planned.append(_planned(cell, identity, record, spaces.of(cell), measures, again))
    if not planned:
        patterns = " or ".join(map(repr, only))
        wanted = f"no cell matches --only {patterns}" if only else "the suite has no cell"
        raise NothingToRun(f"{wanted}; `samplebench plan` shows the labels of all cells")
    return Plan(suite, tuple(planned), len(cells), digest, records)


def _measured(record: Record | None, parts: Parts) -> list[Measure]:
    """What the cell's record holds already: measuring more must not lose it."""
    found = []
    for score in record.scores if record else ():
        if score.value is None:
            continue
        try:
            metric = parts.metrics.choose(score.metric.spec)[0]
            extractor = score.features and parts.features.choose(score.features.part.spec)[0]
            found.append(Measure(metric, extractor or None))
        except UsageError:  # its plugin is gone; the earlier record is kept beside the new one
            continue
    return found


def _checkpoint_digest(checkpoint: Path | None, suite: Suite, parts: Parts) -> str | None:
    if checkpoint is None:
        return None
    if not checkpoint.is_file():
        raise UsageError(f"--checkpoint {checkpoint}: there is no such file")
    if len(choose_all(parts.autoencoders, suite.autoencoders)) != 1:
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
    sampler: Sampler | None = cell.sampler.build() if cell.sampler else None
    if isinstance(space, str):
        return Planned(cell, identity, "refused", space, (), record)
    if sampler and (objection := sampler.objection(space)):
        return Planned(cell, identity, "refused", objection, (), record)
    asked = applicable(measures, space, sampler)
    state, reason = standing(cell, record, asked, again)
    return Planned(cell, identity, state, reason, asked, record)


def _mean_seconds(records: Sequence[Record], counts: Callable[[str], bool]) -> float:
    """Mean wall seconds of those stages together that count."""
    return mean(
        sum(cost.wall_seconds for stage, cost in record.costs.items() if counts(stage))
        for record in records
    )
