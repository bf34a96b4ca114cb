"""Rankings from records: which scores are shown next to each other, and in which order."""

import json
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import mean
from typing import Any

from samplebench.results.labels import full_spec, label_parts, natural_order, part_key, shorten
from samplebench.results.ranking import (
    ROW_KINDS,
    SUBJECTS,
    Column,
    Entry,
    Problem,
    Ranking,
    Row,
    RowKind,
    has_scores,
)
from samplebench.results.record import Record, Score
from samplebench.vocabulary import Floor

ColumnKey = tuple[str, ...]
Columns = Mapping[ColumnKey, Column]
Cells = dict[tuple[RowKind, str], list[Record]]
"""The records of a row, one a seed, by its kind and the key of its sampler."""


def assemble(records: Iterable[Record]) -> list[Ranking]:
    """Make the rankings of some records; the order of the records does not matter.

    Of several records of one cell the last finished counts.
    """
    by_time = sorted(records, key=lambda record: (record.provenance.finished, record.identity))
    latest = {record.identity: record for record in by_time}
    groups = _group_comparable(latest.values())
    datasets = label_parts(members[0].dataset for _, members in groups)
    rankings = []
    for conditions, members in groups:
        key = part_key(members[0].dataset)
        siblings = [theirs for theirs, those in groups if part_key(those[0].dataset) == key]
        rankings.append(_rank(datasets[key], conditions, siblings, members))
    return sorted(rankings, key=lambda each: natural_order(f"{each.dataset} {each.conditions}"))


def _group_comparable(
    records: Collection[Record],
) -> list[tuple[dict[str, str], list[Record]]]:
    """Put records of one dataset under one protocol together, each group with its conditions.

    A cell that failed before the data could be read goes with those that read them. A protocol
    of training says nothing of an autoencoder that was trained elsewhere, which goes with every
    group that is measured as it is.
    """
    data: dict[str, str] = {}
    for record in records:
        if record.provenance.data:
            data.setdefault(part_key(record.dataset), record.provenance.data)
    groups: dict[str, _Group] = {}
    homes: dict[tuple[str, str, str, bool], list[_Group]] = {}
    for record in sorted(records, key=_is_without_training):  # those with a training come first
        dataset = part_key(record.dataset)
        read = record.provenance.data or data.get(dataset, "")
        like = dataset, repr(record.protocol), read, _is_without_training(record)
        if like not in homes:
            homes[like] = _find_homes(record, dataset, read, groups)
        for home in homes[like]:
            home.records.append(record)
    return [(group.conditions, group.records) for group in groups.values()]


def _find_homes(
    record: Record, dataset: str, read: str, groups: dict[str, "_Group"]
) -> list["_Group"]:
    """Find the groups of a record and of all that are like it, or add one for them."""
    protocol = {name: what for name, what in record.protocol.items() if name != "training"}
    measured = json.dumps([dataset, protocol, read], sort_keys=True)
    if _is_without_training(record):
        if alike := [group for group in groups.values() if group.measured == measured]:
            return alike
    else:
        protocol = record.protocol
    key = json.dumps([dataset, protocol, read], sort_keys=True)
    if key not in groups:
        conditions = _flatten(protocol) | ({"data": shorten(read)} if read else {})
        groups[key] = _Group(measured, conditions)
    return [groups[key]]


@dataclass
class _Group:
    """Records that compare; ``measured`` is equal for all that are measured alike."""

    measured: str
    conditions: dict[str, str]
    records: list[Record] = field(default_factory=list)


def _is_without_training(record: Record) -> bool:
    return record.autoencoder.checkpoint is not None or "training" not in record.protocol


def _flatten(protocol: Mapping[str, Any]) -> dict[str, str]:
    """Turn a nested protocol into names and texts, without what is ``None``."""
    flat: dict[str, str] = {}
    for name, value in protocol.items():
        if isinstance(value, Mapping):
            for inner, text in _flatten(value).items():
                flat[f"{name} {inner}" if inner in flat else inner] = text
        elif value is not None:
            flat[name.replace("_", " ")] = value if isinstance(value, str) else json.dumps(value)
    return flat


def _rank(
    dataset: str,
    conditions: dict[str, str],
    siblings: Sequence[Mapping[str, str]],
    records: Sequence[Record],
) -> Ranking:
    differs = [name for name in conditions if len({other.get(name) for other in siblings}) > 1]
    columns = _order_columns(records)
    autoencoders = label_parts(record.autoencoder for record in records)
    samplers = label_parts(record.sampler for record in records if record.sampler)
    rows: list[Row] = []
    members: dict[str, list[Record]] = {}
    for record in records:
        members.setdefault(part_key(record.autoencoder), []).append(record)
    for key in sorted(autoencoders, key=lambda key: (natural_order(autoencoders[key]), key)):
        rows += _order_rows(autoencoders[key], samplers, members[key], columns)
    return Ranking(dataset, conditions, tuple(differs), tuple(columns.values()), tuple(rows))


def _order_columns(records: Collection[Record]) -> dict[ColumnKey, Column]:
    """Order the columns by subject, and within a subject as the suite measured them.

    A score of the autoencoder is read only where it is shown: in reconstruction records. A cost
    that nothing has, such as GPU memory on a machine without one, has no column.
    """
    fullest_first = sorted(
        filter(has_scores, records), key=lambda record: (-len(record.scores), record.identity)
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
            diagnostic=score.diagnostic or score.alarm is not None,
            alarm=score.alarm,
            alarm_is_relative=score.alarm is not None and not score.diagnostic,
            features=score.features,
        )
        for score in ordered
    }


def _title(score: Score, scores: Iterable[Score]) -> str:
    """The title, and where other columns share it, the settings or weights that differ."""
    namesakes = [other for other in scores if other.title == score.title]
    title = score.title
    if len({part_key(other.metric) for other in namesakes}) > 1:
        title += f" {full_spec(score.metric)}"
    if len({_weights(other) for other in namesakes}) > 1:
        title += f"·{_weights(score)[:4]}"
    return title


def _weights(score: Score) -> str:
    return score.features.weights if score.features else "none"


def _order_rows(
    autoencoder: str, samplers: Mapping[str, str], records: Iterable[Record], columns: Columns
) -> list[Row]:
    """Order the rows of one autoencoder: references, controls, samplers from best to worst.

    One that takes no such samples has the row of its reconstructions alone, with the reason.
    """
    cells: Cells = {}
    for record in sorted(records, key=lambda record: (record.seed, record.identity)):
        cells.setdefault((record.role, part_key(record.sampler)), []).append(record)
    rows = []
    for (kind, sampler), members in _leave_out_refused(cells).items():
        measured = tuple(record for record in members if has_scores(record))
        unmeasured = tuple(record for record in members if not has_scores(record))
        entries = _collect_entries(kind, measured, columns)
        name = samplers.get(sampler, kind)
        rows.append(Row(autoencoder, name, kind, measured, unmeasured, entries))
    rows += _make_floor(autoencoder, [record for row in rows for record in row.measured], columns)
    return sorted(rows, key=lambda row: _sort_key(row, list(columns.values())))


def _leave_out_refused(cells: Cells) -> Cells:
    """Leave out the samplers of an autoencoder whose every cell is refused for the same reason."""
    outcomes = {(record.status, record.reason) for cell in cells.values() for record in cell}
    references = {key: cell for key, cell in cells.items() if key[0] == "reconstruction"}
    refused = len(outcomes) == 1 and {status for status, _ in outcomes} == {"refused"}
    return references if refused and references else cells


def _collect_entries(
    kind: RowKind, records: Iterable[Record], columns: Columns
) -> tuple[Entry, ...]:
    """Collect the scores of a row by column."""
    values: dict[ColumnKey, dict[int, float]] = {key: {} for key in columns}
    problems: dict[ColumnKey, list[Problem]] = {key: [] for key in columns}
    for record in records:
        for score in record.scores:
            key = score.column
            if key not in columns or (score.subject == "autoencoder" and kind != "reconstruction"):
                continue
            if score.value is not None:
                values[key][record.seed] = score.value
            if score.problem is not None:
                problems[key].append(Problem(score.problem, record.seed))
    return tuple(
        Entry(tuple(values[key].values()), tuple(values[key]), tuple(problems[key]))
        for key in columns
    )


def _make_floor(autoencoder: str, records: Iterable[Record], columns: Columns) -> list[Row]:
    """Make the row of the scores of fresh real data, where a record has them.

    Floors of old records, which are estimates, show where there is none that was measured. All
    records of an autoencoder with a seed say the same; where they differ, because they were made
    on several machines, the reconstruction's counts first.
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
    floors: dict[ColumnKey, dict[int, Floor]] = {key: {} for key in columns}
    for record in with_floor:
        for score in record.scores:
            if score.floor is not None and score.column in floors:
                floors[score.column].setdefault(record.seed, score.floor)
    entries = tuple(Entry(_average_floors(floors[key].values())) for key in columns)
    return [Row(autoencoder, "real data", "floor", sources, (), entries)] if sources else []


def _average_floors(floors: Collection[Floor]) -> tuple[float, ...]:
    """Average the score of each subset of real data over seeds, which share the subsets.

    Where no floor was measured, these are the estimates of all seeds.
    """
    measured = [floor.values for floor in floors if floor.count is not None]
    if not measured:
        return tuple(floor.mean for floor in floors)
    return tuple(mean(values) for values in zip(*measured, strict=False))


def _sort_key(row: Row, columns: Sequence[Column]) -> tuple[Any, ...]:
    """The key that sorts the rows of an autoencoder: kind, first quality score, name."""
    summary, sign = None, 1
    for column, entry in zip(columns, row.entries, strict=True):
        if column.subject in ("images", "latents") and not column.diagnostic:
            summary, sign = entry.summary, 1 if column.better == "lower" else -1
            break
    mean = sign * summary.mean if summary else math.inf
    return ROW_KINDS.index(row.kind), mean, natural_order(row.name)
