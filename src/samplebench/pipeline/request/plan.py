"""Plans: every cell that a suite asks for, with its status, record and metrics."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from statistics import mean

from samplebench.digests import digest_of_file
from samplebench.errors import NothingToRun, UsageError
from samplebench.missing import Missing
from samplebench.pipeline.request.answers import Answers
from samplebench.pipeline.request.few_samples import warn_of_few_samples
from samplebench.pipeline.request.grid import Cell, choose_all, grid
from samplebench.pipeline.request.measures import (
    BoundMetric,
    Selection,
    applicable,
)
from samplebench.pipeline.request.status import Status, status_of
from samplebench.pipeline.request.suite import Suite
from samplebench.registry.asking import Asker
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
    control: bool = False
    """True if the sampler is a control, which does not compete."""


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
    faults: tuple[str, ...] = ()
    """Sentences on parts that gave no answers when they were asked."""

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
    _require_one_autoencoder(weights, suite, parts)
    answers = Answers(Asker(), data_dir, digest_of_file(weights) if weights else None)
    _require_features(metrics, features, parts, answers)
    cells = list(grid(suite, parts))
    chosen = [cell for cell in cells if not only or matches(cell, only)]
    if not chosen:
        patterns = " or ".join(map(repr, only))
        wanted = f"no cell matches --only {patterns}" if only else "the suite has no cell"
        raise NothingToRun(f"{wanted}; `samplebench plan` shows the labels of all cells")
    answers.prepare_builds(chosen, features)
    drafts = []
    for cell in chosen:
        loaded = answers.loaded(cell)
        identity = cell.identity(suite.protocol, loaded)
        record = known.get(identity)
        asked = answers.bind(metrics, features, also=_measured(record, parts))
        drafts.append(_Draft(cell, identity, loaded, record, asked))
    answers.prepare_facts(chosen, _metrics_of(drafts))
    planned = [_plan_cell(draft, answers, core, again=again, retry=retry) for draft in drafts]
    datasets = {cell.dataset.key: cell.dataset for cell in chosen}.values()
    warnings = tuple(warn_of_few_samples(suite, datasets, features, records, answers))
    faults = tuple(answers.faults())
    return Plan(suite, tuple(planned), len(cells), weights, records, warnings, faults)


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


def _require_features(
    metrics: Sequence[Chosen], features: Sequence[Chosen], parts: Parts, answers: Answers
) -> None:
    answers.prepare_needs(metrics)
    needing = next((str(metric) for metric in metrics if answers.needs_features(metric)), None)
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


@dataclass(frozen=True)
class _Draft:
    """A cell with the record that it has and the metrics that are asked for."""

    cell: Cell
    identity: str
    loaded: str | None
    record: Record | None
    metrics: tuple[BoundMetric, ...]


def _metrics_of(drafts: Iterable[_Draft]) -> list[Chosen]:
    """The metrics of all cells, each once."""
    return list({b.metric.key: b.metric for draft in drafts for b in draft.metrics}.values())


def _plan_cell(
    draft: _Draft, answers: Answers, core: Code, *, again: bool, retry: Retry
) -> Planned:
    cell, record = draft.cell, draft.record

    def planned(status: Status, reason: str | None, selection: Selection) -> Planned:
        return Planned(
            cell, draft.identity, status, reason, selection, record, draft.loaded, control
        )

    control, nothing = False, Selection((), ())
    shape, built = answers.shape(cell.dataset), answers.autoencoder(cell)
    if isinstance(shape, Missing) or isinstance(built, Missing):
        refusal = shape if isinstance(shape, Missing) else built
        return planned("refused", str(refusal), nothing)
    sampler = answers.sampler(cell, built.space)
    if isinstance(sampler, Missing):
        return planned("refused", sampler.reason, nothing)
    control = sampler is not None and sampler.control
    if sampler is not None and sampler.objection is not None:
        return planned("refused", sampler.objection, nothing)
    facts = answers.metrics((bound.metric for bound in draft.metrics), shape, built.space)
    refused = answers.refused(cell.dataset, draft.metrics)
    selection = applicable(draft.metrics, facts, sampler, refused)
    status, reason = status_of(
        cell,
        record,
        selection.metrics,
        core,
        floors=selection.floors,
        again=again,
        retry=retry,
    )
    return planned(status, reason, selection)


def _mean_seconds(records: Sequence[Record], counts: Callable[[str], bool]) -> float:
    """The mean over records of the wall seconds of all stages that count."""
    return mean(
        sum(cost.wall_seconds for stage, cost in record.costs.items() if counts(stage))
        for record in records
    )
