"""Tables from records: which figures stand side by side, and in which order."""

import json
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from samplebench.results.labels import full_spec, labels, natural, part_key, short
from samplebench.results.record import Record, Score
from samplebench.results.table import (
    KINDS,
    SUBJECTS,
    Cell,
    Column,
    Kind,
    Problem,
    Row,
    Table,
    was_measured,
)

ColumnKey = tuple[str, ...]
Columns = Mapping[ColumnKey, Column]


def tables(records: Iterable[Record]) -> list[Table]:
    """The tables of some records, in whatever order those come.

    Of several records of one cell the last finished counts.
    """
    by_time = sorted(records, key=lambda record: (record.provenance.finished, record.identity))
    latest = {record.identity: record for record in by_time}
    groups = _comparable(latest.values())
    datasets = labels(members[0].dataset for _, members in groups)
    made = []
    for conditions, members in groups:
        key = part_key(members[0].dataset)
        siblings = [theirs for theirs, those in groups if part_key(those[0].dataset) == key]
        made.append(_table(datasets[key], conditions, siblings, members))
    return sorted(made, key=lambda table: natural(f"{table.dataset} {table.conditions}"))


def _comparable(records: Collection[Record]) -> list[tuple[dict[str, str], list[Record]]]:
    """Records of one dataset under one protocol together, each group with its conditions.

    A cell that failed before the data could be read goes with those that read them.
    """
    data: dict[str, str] = {}
    for record in records:
        if record.provenance.data:
            data.setdefault(part_key(record.dataset), record.provenance.data)
    groups: dict[str, tuple[dict[str, str], list[Record]]] = {}
    for record in records:
        dataset = part_key(record.dataset)
        read = record.provenance.data or data.get(dataset, "")
        key = json.dumps([dataset, record.protocol, read], sort_keys=True)
        conditions = _flat(record.protocol) | ({"data": short(read)} if read else {})
        groups.setdefault(key, (conditions, []))[1].append(record)
    return list(groups.values())


def _flat(protocol: Mapping[str, Any]) -> dict[str, str]:
    """A nested protocol as names and texts; what is ``None`` is left out."""
    flat: dict[str, str] = {}
    for name, value in protocol.items():
        if isinstance(value, Mapping):
            for inner, text in _flat(value).items():
                flat[f"{name} {inner}" if inner in flat else inner] = text
        elif value is not None:
            flat[name.replace("_", " ")] = value if isinstance(value, str) else json.dumps(value)
    return flat


def _table(
    dataset: str,
    conditions: dict[str, str],
    siblings: Sequence[Mapping[str, str]],
    records: Sequence[Record],
) -> Table:
    differs = [name for name in conditions if len({other.get(name) for other in siblings}) > 1]
    columns = _columns(records)
    autoencoders = labels(record.autoencoder for record in records)
    samplers = labels(record.sampler for record in records if record.sampler)
    rows: list[Row] = []
    for key in sorted(autoencoders, key=lambda key: (natural(autoencoders[key]), key)):
        members = [record for record in records if part_key(record.autoencoder) == key]
        rows += _group(autoencoders[key], samplers, members, columns)
    return Table(dataset, conditions, tuple(differs), tuple(columns.values()), tuple(rows))


def _columns(records: Collection[Record]) -> dict[ColumnKey, Column]:
    """The columns by subject, within a subject as the suite measured them.

    A figure of the autoencoder is read only where it is shown: in reconstruction records. A cost
    that nothing has, such as GPU memory on a machine without one, has no column.
    """
    fullest_first = sorted(
        filter(was_measured, records), key=lambda record: (-len(record.scores), record.identity)
    )
    scores: dict[ColumnKey, Score] = {}
    for record in fullest_first:
        for score in record.scores:
            if score.subject != "autoencoder" or record.role == "reconstruction":
                scores.setdefault(score.column, score)
    paid = {score.column for record in records for score in record.scores if score.value != 0}
    shown = [s for s in scores.values() if s.subject != "cost" or s.column in paid]
    ordered = sorted(shown, key=lambda score: SUBJECTS.index(score.subject))
    return {
        score.column: Column(
            key=score.column,
            title=_title(score, ordered),
            unit=score.unit,
            better=score.better,
            subject=score.subject,
            alarm=score.alarm,
            features=score.features,
        )
        for score in ordered
    }


def _title(score: Score, scores: Iterable[Score]) -> str:
    """The title, and where other columns share it, what tells them apart."""
    namesakes = [other for other in scores if other.title == score.title]
    title = score.title
    if len({part_key(other.metric) for other in namesakes}) > 1:
        title += f" {full_spec(score.metric)}"
    if len({_weights(other) for other in namesakes}) > 1:
        title += f"·{_weights(score)[:4]}"
    return title


def _weights(score: Score) -> str:
    return score.features.weights if score.features else "none"


def _group(
    autoencoder: str, samplers: Mapping[str, str], records: Iterable[Record], columns: Columns
) -> list[Row]:
    """The rows of one autoencoder: references, controls, then samplers from best to worst."""
    cells: dict[tuple[Kind, str], list[Record]] = {}
    for record in sorted(records, key=lambda record: (record.seed, record.identity)):
        cells.setdefault((record.role, part_key(record.sampler)), []).append(record)
    rows = []
    for (kind, sampler), members in cells.items():
        measured = tuple(record for record in members if was_measured(record))
        unmeasured = tuple(record for record in members if not was_measured(record))
        filled = _filled(kind, measured, columns)
        name = samplers.get(sampler, kind)
        rows.append(Row(autoencoder, name, kind, measured, unmeasured, filled))
    rows += _floor(autoencoder, [record for row in rows for record in row.measured], columns)
    return sorted(rows, key=lambda row: _place(row, list(columns.values())))


def _filled(kind: Kind, records: Iterable[Record], columns: Columns) -> tuple[Cell, ...]:
    """The cells of a row."""
    values: dict[ColumnKey, list[float]] = {key: [] for key in columns}
    problems: dict[ColumnKey, list[Problem]] = {key: [] for key in columns}
    for record in records:
        for score in record.scores:
            key = score.column
            if key not in columns or (score.subject == "autoencoder" and kind != "reconstruction"):
                continue
            if score.value is not None:
                values[key].append(score.value)
            if score.problem is not None:
                problems[key].append(Problem(score.problem, record.seed))
    return tuple(Cell(tuple(values[key]), tuple(problems[key])) for key in columns)


def _floor(autoencoder: str, records: Iterable[Record], columns: Columns) -> list[Row]:
    """The row of what fresh real data would score, where a record tells it.

    All records of an autoencoder with a seed tell the same; where they differ, because they were
    made on several machines, the reconstruction's counts first.
    """
    with_floor = [
        record
        for record in sorted(
            records, key=lambda record: (record.role != "reconstruction", record.seed)
        )
        if any(score.floor is not None for score in record.scores)
    ]
    by_seed = {record.seed: record for record in reversed(with_floor)}
    sources = tuple(by_seed[seed] for seed in sorted(by_seed))
    values: dict[ColumnKey, dict[int, float]] = {key: {} for key in columns}
    for record in with_floor:
        for score in record.scores:
            if score.floor is not None and score.column in values:
                values[score.column].setdefault(record.seed, score.floor)
    cells = tuple(Cell(tuple(values[key].values())) for key in columns)
    return [Row(autoencoder, "real data", "floor", sources, (), cells)] if sources else []


def _place(row: Row, columns: Sequence[Column]) -> tuple[Any, ...]:
    """What the rows of an autoencoder are sorted by: kind, the first quality figure, name."""
    summary, sign = None, 1
    for column, cell in zip(columns, row.cells, strict=True):
        if column.subject in ("images", "latents") and column.alarm is None:
            summary, sign = cell.summary, 1 if column.better == "lower" else -1
            break
    mean = sign * summary.mean if summary else math.inf
    return KINDS.index(row.kind), mean, natural(row.name)
