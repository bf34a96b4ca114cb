"""Marks what stands out in a ranking: the best scores, and rows that a diagnostic warns of."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from samplebench.results.contest import Contest
from samplebench.results.ranking import Column, Ranking, Row
from samplebench.results.record import Record


def mark(ranking: Ranking) -> Ranking:
    """Set the bold scores and the alarms of a ranking."""
    ranking = replace(
        ranking, rows=tuple(replace(row, alarms=_alarms(row, ranking)) for row in ranking.rows)
    )
    bold = {
        (row, place)
        for place, column in enumerate(ranking.columns)
        for contenders in find_contests(ranking, column)
        for row in make_contest(ranking, place, contenders).find_leaders()
    }
    rows = tuple(
        replace(
            row,
            entries=tuple(
                replace(entry, bold=True) if (number, place) in bold else entry
                for place, entry in enumerate(row.entries)
            ),
        )
        for number, row in enumerate(ranking.rows)
    )
    return replace(ranking, rows=rows)


def make_contest(ranking: Ranking, column: int, rows: Collection[int]) -> Contest[int]:
    """The contest of some rows of a ranking for the scores in a column, all given by place.

    Distances and costs vary by a share of themselves and are compared as logarithms. Other scores,
    such as those in bits, which are logarithms, are compared as they are. A row without a score
    for some seed has none here: that one may be the worst.
    """
    entries = {row: ranking.rows[row].entries[column] for row in rows}
    scores = {row: entry.by_seed for row, entry in entries.items() if not entry.problems}
    return Contest(scores, ranking.columns[column].better, ranking.columns[column].by_ratio)


def list_machines(records: Iterable[Record]) -> set[str]:
    """The machines of the records, as far as times and memory depend on them."""
    return {
        f"{origin.device} ({origin.processor}, {origin.threads} thread{'s'[: origin.threads - 1]})"
        for origin in (record.provenance for record in records)
    }


def find_contests(ranking: Ranking, column: Column) -> list[list[int]]:
    """The sets of rows whose scores in a column compete, as places in the ranking.

    Samplers compete within an autoencoder, with which they share the seeds; autoencoders with each
    other by their own scores. References and controls compete for nothing; rows with an alarm, or
    without the score that would raise it, for costs alone; and weights that were loaded for no
    score of the autoencoder, because their seeds are one training. Costs compare on one machine.
    """
    if column.diagnostic:
        return []
    if column.subject == "autoencoder":
        return [
            [
                place
                for place in _places(ranking.rows, "reconstruction")
                if not any(each.autoencoder.checkpoint for each in ranking.rows[place].measured)
            ]
        ]
    if column.subject == "cost" and len(list_machines(ranking.measured)) > 1:
        return []
    samplers = [
        place
        for place in _places(ranking.rows, "sampler")
        if column.subject == "cost" or _is_no_copier(ranking.rows[place], ranking)
    ]
    contests: dict[str, list[int]] = {}
    for place in samplers:
        contests.setdefault(ranking.rows[place].autoencoder, []).append(place)
    return list(contests.values())


def _is_no_copier(row: Row, ranking: Ranking) -> bool:
    """Say whether every score that raises alarms was measured, and none did."""
    watched = [
        entry
        for entry, column in zip(row.entries, ranking.columns, strict=True)
        if column.alarm is not None
    ]
    return not row.alarms and not any(entry.problems for entry in watched)


def _places(rows: Sequence[Row], kind: str) -> list[int]:
    return [place for place, row in enumerate(rows) if row.kind == kind]


def _alarms(row: Row, ranking: Ranking) -> tuple[Column, ...]:
    """The columns in which the mean of a row is worse than the alarm."""
    if row.kind not in ("sampler", "control"):
        return ()
    alarms = []
    for place, (column, entry) in enumerate(zip(ranking.columns, row.entries, strict=True)):
        limit = find_limit(row, place, ranking)
        if limit is not None and entry.summary and _worse(entry.summary.mean, limit, column):
            alarms.append(column)
    return tuple(alarms)


def find_limit(row: Row, place: int, ranking: Ranking) -> float | None:
    """The score beyond which a row is marked, if there is one."""
    column = ranking.columns[place]
    if column.alarm is None or not column.alarm_is_relative:
        return column.alarm
    yardsticks = (
        other.entries[place].summary
        for other in ranking.rows_of(row.autoencoder)
        if other.kind == "reconstruction"
    )
    yardstick = next(yardsticks, None)
    return column.alarm * yardstick.mean if yardstick else None


def _worse(score: float, limit: float, column: Column) -> bool:
    return score > limit if column.better == "lower" else score < limit
