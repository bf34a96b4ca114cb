"""Plans: every cell that a suite asks for, with its status, record and metrics."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from statistics import mean

from samplebench.contracts.dataset import Shape
from samplebench.contracts.sampler import Sampler
from samplebench.digests import digest_of_file
from samplebench.errors import BadSetting, NothingToRun, UsageError
from samplebench.missing import Missing
from samplebench.pipeline.request.autoencoders import Built, build_once
from samplebench.pipeline.request.few_samples import warn_of_few_samples
from samplebench.pipeline.request.grid import Cell, choose_all, grid
from samplebench.pipeline.request.measures import (
    BoundMetric,
    Selection,
    applicable,
    bind_metrics,
    needs_features,
)
from samplebench.pipeline.request.status import Status, status_of
from samplebench.pipeline.request.suite import Suite
from samplebench.registry.loading import Parts
from samplebench.registry.registry import Chosen
from samplebench.registry.syntax import Code
from samplebench.results.record import Record
from samplebench.vocabulary import Retry

_TRAINING = ("train", "encode")


@dataclass(frozen=True)
class Planned:
    """A cell with its status and the reason for it, its metrics, and the record that it has."""

    cell: Cell
    identity: str
    status: Status
    reason: str | None
    metrics: Selection
    record: Record | None
    loaded: str | None = None
    """The digest of weights that are not trained here, empty where it has none; ``None`` if the
    autoencoder is trained.
    """


@dataclass(frozen=True)
class Plan:
    """The grid of a suite, in the order in which it is measured."""

    suite: Suite
    cells: tuple[Planned, ...]
    size: int
    """Cells of the suite, those that the plan leaves out included."""
    weights: Path | None
    """A file of weights that is loaded in place of training."""
    records: tuple[Record, ...] = field(repr=False)
    """All records of this suite; times are estimated from them."""
    warnings: tuple[str, ...] = ()
    """Sentences on scores that will mean less than they seem to."""

    def of_status(self, *statuses: Status) -> list[Planned]:
        return [planned for planned in self.cells if planned.status in statuses]

    def estimated_seconds(self, todo: Sequence[Planned]) -> float | None:
        """The time that measuring ``todo`` will take; ``None`` if there is nothing to go by."""
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
    core: Code,
    weights: Path | None = None,
    only: Sequence[str] = (),
    again: bool = False,
    retry: Retry = "failed",
) -> Plan:
    """Plan every cell of the suite. Trains nothing and reads no data.

    Args:
        core: the measuring code of today.
        weights: a file of weights, loaded in place of training.
        only: patterns such as ``*/vae*/pmfs*``; cells whose label none matches are left out.
        again: measured cells count as stale.
        retry: the cells that failed and are to do again.

    Raises:
        UsageError: an unknown part, setting or value, or a checkpoint for several autoencoders.
        NothingToRun: no cell is left.
    """
    records = tuple(records)
    known = {record.identity: record for record in records}
    features = choose_all(parts.features, suite.features)
    metrics = choose_all(parts.metrics, suite.metrics)
    _require_features(metrics, features, parts)
    _require_one_autoencoder(weights, suite, parts)
    digest = digest_of_file(weights) if weights else None
    fits = _Fits(data_dir, digest)
    planned = []
    cells = list(grid(suite, parts))
    for cell in cells:
        if only and not matches(cell, only):
            continue
        identity = cell.identity(suite.protocol, fits.loaded(cell))
        record = known.get(identity)
        asked = bind_metrics(metrics, features, also=_measured(record, parts))
        planned.append(
            _plan_cell(cell, identity, record, fits, asked, core, again=again, retry=retry)
        )
    if not planned:
        patterns = " or ".join(map(repr, only))
        wanted = f"no cell matches --only {patterns}" if only else "the suite has no cell"
        raise NothingToRun(f"{wanted}; `samplebench plan` shows the labels of all cells")
    datasets = choose_all(parts.datasets, suite.datasets)
    warnings = warn_of_few_samples(suite, datasets, features, records, data_dir=data_dir)
    return Plan(suite, tuple(planned), len(cells), weights, records, tuple(warnings))


def matches(cell: Cell, patterns: Iterable[str]) -> bool:
    """Say if the label of a cell, written without spaces around its slashes, fits a pattern."""
    label = cell.label.replace(" / ", "/")
    return any(fnmatchcase(label, pattern) for pattern in patterns)


def _measured(record: Record | None, parts: Parts) -> list[BoundMetric]:
    """The metrics that the cell's record has already: measuring more must not lose them."""
    bound = []
    for score in record.scores if record else ():
        if score.value is None:
            continue
        try:
            metric = parts.metrics.choose(score.metric.spec)[0]
            extractor = score.features and parts.features.choose(score.features.part.spec)[0]
            bound.append(BoundMetric(metric, extractor or None))
        except UsageError:  # its plugin is gone; the earlier record is set aside, not lost
            continue
    return bound


def _require_features(metrics: Iterable[Chosen], features: Sequence[Chosen], parts: Parts) -> None:
    needing = next((str(metric) for metric in metrics if needs_features(metric)), None)
    if needing and not features:
        raise UsageError(
            f"the metric '{needing}' needs features to measure in; name some in the suite or with "
            f"--features. Installed: {', '.join(parts.features)}."
        )


def _require_one_autoencoder(weights: Path | None, suite: Suite, parts: Parts) -> None:
    if weights is None:
        return
    if not weights.is_file():
        raise UsageError(f"--checkpoint {weights}: there is no such file")
    if len(choose_all(parts.autoencoders, suite.autoencoders)) != 1:
        raise UsageError(
            "--checkpoint holds the weights of one autoencoder; name it with --autoencoder"
        )


class _Fits:
    """Finds the parts that take a dataset's samples; asks each pair once, by building it."""

    def __init__(self, data_dir: Path, checkpoint: str | None) -> None:
        self.data_dir, self.checkpoint = data_dir, checkpoint
        self.shapes: dict[str, Shape] = {}
        self.autoencoders: dict[tuple[str, str], Built | Missing] = {}
        self.extractors: dict[tuple[str, str], Missing | None] = {}

    def shape(self, dataset: Chosen) -> Shape:
        """The shape of one sample of a dataset."""
        if dataset.key not in self.shapes:
            self.shapes[dataset.key] = tuple(dataset.build(self.data_dir).shape)
        return self.shapes[dataset.key]

    def autoencoder(self, cell: Cell) -> Built | Missing:
        """Build the autoencoder; return its facts, or the reason why it cannot be used here."""
        key = cell.dataset.key, cell.autoencoder.key
        if key not in self.autoencoders:
            shape = self.shape(cell.dataset)
            self.autoencoders[key] = build_once(cell.autoencoder, shape, self.checkpoint)
        return self.autoencoders[key]

    def loaded(self, cell: Cell) -> str | None:
        """The digest of weights that are not trained here; ``None`` if it is trained."""
        built = self.autoencoder(cell)
        return self.checkpoint if isinstance(built, Missing) else built.loaded

    def refused(self, dataset: Chosen, metrics: Iterable[BoundMetric]) -> dict[str, Missing]:
        """The extractors, by key, that take no samples of a dataset, with their reasons."""
        found = {}
        for extractor in {b.features.key: b.features for b in metrics if b.features}.values():
            key = dataset.key, extractor.key
            if key not in self.extractors:
                self.extractors[key] = _objection(extractor, self.shape(dataset))
            if (reason := self.extractors[key]) is not None:
                found[extractor.key] = reason
        return found


def _objection(extractor: Chosen, shape: Shape) -> Missing | None:
    try:
        extractor.build(shape)
    except BadSetting as error:
        return Missing(str(error))
    return None


def _plan_cell(
    cell: Cell,
    identity: str,
    record: Record | None,
    fits: _Fits,
    metrics: Sequence[BoundMetric],
    core: Code,
    *,
    again: bool,
    retry: Retry,
) -> Planned:
    sampler: Sampler | None = cell.sampler.build() if cell.sampler else None
    built, loaded = fits.autoencoder(cell), fits.loaded(cell)
    if isinstance(built, Missing):
        objection: str | None = built.reason
    else:
        objection = sampler.objection(built.space) if sampler else None
    if isinstance(built, Missing) or objection is not None:
        nothing = Selection((), ())
        return Planned(cell, identity, "refused", objection, nothing, record, loaded)
    shape, refused = fits.shape(cell.dataset), fits.refused(cell.dataset, metrics)
    selection = applicable(metrics, shape, built.space, sampler, refused)
    status, reason = status_of(
        cell,
        record,
        selection.metrics,
        core,
        floors=selection.floors,
        again=again,
        retry=retry,
    )
    return Planned(cell, identity, status, reason, selection, record, loaded)


def _mean_seconds(records: Sequence[Record], counts: Callable[[str], bool]) -> float:
    """The mean over records of the wall seconds of all stages that count."""
    return mean(
        sum(cost.wall_seconds for stage, cost in record.costs.items() if counts(stage))
        for record in records
    )
