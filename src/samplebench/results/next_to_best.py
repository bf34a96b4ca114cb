"""The row of samples that exist, among the best rows of a suite."""

from collections.abc import Collection, Sequence
from typing import Final

from samplebench.results.blocks import Block, Bullets, Code, Heading, Strong, Table, Text
from samplebench.results.ranking import Ranking, Row
from samplebench.results.score_text import format_score

_MOST: Final = 10
"""Rows that are shown; one's own comes last where it is not among them."""


def next_to_best(ranking: Ranking, own: Collection[str], name: str) -> list[Block]:
    """Make a short table: the floor, the best rows, and the row with one of the records ``own``.

    Columns are the scores of samples that the row has; those of latents are in the units of an
    autoencoder. Places go by the first, diagnostics aside, that other rows have too. Nothing where
    the ranking has no such row or score.

    Args:
        name: of the row.
    """
    samplers = (row for row in ranking.rows if row.kind == "sampler")
    mine = next((row for row in samplers if row.is_of(own)), None)
    if mine is None:
        return []
    columns = [
        place
        for place, column in enumerate(ranking.columns)
        if column.subject == "images" and mine.entries[place].values
    ]
    first = next((place for place in columns if _decides(ranking, place, mine)), None)
    if first is None:
        return []
    ordered = _order(ranking, first)
    places = {id(row): place for place, row in enumerate(ordered, start=1)}
    shown = ordered[:_MOST] if mine in ordered[:_MOST] else [*ordered[:_MOST], mine]
    floors = [row for row in ranking.rows if row.kind == "floor"]
    floor = [row for row in floors if row.autoencoder == mine.autoencoder]
    names = {id(row): _name(row, mine, name) for row in (*floor, *shown)}
    rows = [
        ((str(places.get(id(row), "")),), names[id(row)], *_scores(row, columns))
        for row in (*floor, *shown)
    ]
    heads = [
        (f"{ranking.columns[place].title} {ranking.columns[place].arrow}",) for place in columns
    ]
    table = Table((("place",), ("row",), *heads), tuple(rows), labels=2)
    title = Heading((f"{name} among the best rows: {ranking.title}",), level=2)
    return [title, table, _explain(ranking.columns[first].title, shown, len(ordered))]


def _decides(ranking: Ranking, place: int, mine: Row) -> bool:
    """Say whether places may go by a column: no diagnostic, and some other row has a score."""
    others = [row for row in ranking.rows if row.kind == "sampler" and row is not mine]
    diagnostic = ranking.columns[place].diagnostic
    return not diagnostic and any(row.entries[place].values for row in others)


def _order(ranking: Ranking, place: int) -> list[Row]:
    """Order the rows of samplers from best to worst."""
    sign = 1 if ranking.columns[place].better == "lower" else -1
    means = [
        (sign * summary.mean, number)
        for number, row in enumerate(ranking.rows)
        if row.kind == "sampler" and (summary := row.entries[place].summary)
    ]
    return [ranking.rows[number] for _, number in sorted(means)]


def _name(row: Row, mine: Row, name: str) -> Text:
    alarm = " ‡" if row.alarms else ""
    if row is mine:
        return (Strong(f"→ {name}"), alarm)
    if row.kind == "floor":
        return ("real data (floor)",)
    return (Code(row.autoencoder), " × ", Code(row.name), alarm)


def _scores(row: Row, columns: Sequence[int]) -> list[Text]:
    summaries = [row.entries[place].summary for place in columns]
    return [(format_score(summary) if summary else "—",) for summary in summaries]


def _explain(title: str, shown: Sequence[Row], count: int) -> Bullets:
    items: list[Text] = [
        (f"Places by {title}, of {count} rows. Yours is one set of samples, and has no interval.",)
    ]
    if any(row.alarms for row in shown):
        items.append(
            ("‡ closer to training samples than held-out ones are; compare with controls.",)
        )
    return Bullets(tuple(items))
