"""The summary of a board for a reader in a hurry: who leads, who copies, what is not decided."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from samplebench.results.agreement import count_split_winners
from samplebench.results.blocks import Code, Strong, Text, join
from samplebench.results.marking import find_contests, make_contest
from samplebench.results.ranking import Column, Ranking

_MOST_NAMES: Final = 4
"""Of more names than these, the last are counted."""


@dataclass(frozen=True)
class _Outcome:
    """The outcome of one contest in a column.

    ``field`` is the autoencoder whose samplers compete, empty where autoencoders do. ``lead`` is
    the ratio, or the difference, of the best row behind the leaders and the best of all.
    """

    field: str
    leaders: tuple[str, ...]
    lead: float | None


def summarise(rankings: Sequence[Ranking], *, swept: bool = False) -> tuple[Text, ...]:
    """Write three sentences for each table, which name it if there are several.

    They say what the marks of the tables say, so that nothing is decided twice.

    Args:
        swept: True if the board has tables of swept settings too, which are not summarised.
    """
    sentences = tuple(
        (f"{ranking.title}: ", *sentence) if len(rankings) > 1 else sentence
        for ranking in rankings
        for sentence in _summarise(ranking)
    )
    rest = "Settings that were swept are not among these rows: they have tables of their own."
    return (*sentences, (rest,)) if swept else sentences


def _summarise(ranking: Ranking) -> list[Text]:
    place = _find_main_column(ranking)
    if place is None:
        return [("Nothing competes in this table.",)]
    column = ranking.columns[place]
    outcomes = [_judge(ranking, place, rows) for rows in find_contests(ranking, column) if rows]
    return [
        _describe_leaders(ranking, column, outcomes),
        *_describe_copiers(ranking),
        _describe_doubts(ranking, column, outcomes),
    ]


def _find_main_column(ranking: Ranking) -> int | None:
    """The first score of quality for which rows compete, those of samplers before the others."""
    order = ("images", "latents", "autoencoder")
    contested = [
        (order.index(column.subject), place)
        for place, column in enumerate(ranking.columns)
        if column.subject in order and any(find_contests(ranking, column))
    ]
    return min(contested)[1] if contested else None


def _judge(ranking: Ranking, place: int, rows: Sequence[int]) -> _Outcome:
    column = ranking.columns[place]
    of_samplers = column.subject != "autoencoder"
    leading = make_contest(ranking, place, rows).find_leaders()
    summaries = {row: ranking.rows[row].entries[place].summary for row in rows}
    means = {row: summary.mean for row, summary in summaries.items() if summary}
    ordered = sorted(means, key=means.__getitem__, reverse=column.better == "higher")
    leaders = [row for row in ordered if row in leading]
    behind = [means[row] for row in ordered if row not in leading]
    shown = [ranking.rows[row] for row in leaders]
    return _Outcome(
        field=ranking.rows[rows[0]].autoencoder if of_samplers else "",
        leaders=tuple(row.name if of_samplers else row.autoencoder for row in shown),
        lead=_compare(column, means[leaders[0]], behind[0]) if leaders and behind else None,
    )


def _compare(column: Column, best: float, other: float) -> float | None:
    """The ratio of two distances, the difference of other scores."""
    if not column.by_ratio:
        return abs(other - best)
    return other / best if best > 0 else None


def _describe_leaders(ranking: Ranking, column: Column, outcomes: Iterable[_Outcome]) -> Text:
    groups: dict[tuple[str, ...], list[_Outcome]] = {}
    for outcome in outcomes:
        if outcome.leaders:
            groups.setdefault(outcome.leaders, []).append(outcome)
    marked = any(row.alarms and row.kind == "sampler" for row in ranking.rows)
    of_whom = " of rows without ‡" if marked and column.subject != "autoencoder" else ""
    title = Strong(f"Best in {column.title} {column.arrow}{of_whom}")
    if not groups:
        return (title, ": not known; that takes two competing rows with two seeds or more.")
    texts = [
        (*_list(leaders), *_name_fields(ranking, those), _describe_lead(column, those))
        for leaders, those in groups.items()
    ]
    return (title, ": ", *join(texts, "; "), ".")


def _describe_lead(column: Column, outcomes: Sequence[_Outcome]) -> str:
    leads = [outcome.lead for outcome in outcomes if outcome.lead is not None]
    if not leads:
        return ", and no row is significantly worse"
    low, high = f"{min(leads):.3g}", f"{max(leads):.3g}"
    lead = low if low == high else f"{low} to {high}"
    unit = f" {column.unit}" if column.unit else ""
    behind = f"{lead} times the best score" if column.by_ratio else f"{lead}{unit} worse"
    return f" (the next row: {behind})"


def _describe_copiers(ranking: Ranking) -> list[Text]:
    """The rows with an alarm, samplers before controls, or the reason why there can be none."""
    if not any(row.kind in ("sampler", "control") for row in ranking.rows):
        return []
    if all(column.alarm is None for column in ranking.columns):
        return [(Strong("Copies"), ": not measured in this table.")]
    fields: dict[tuple[bool, str], list[str]] = {}
    for row in ranking.rows:
        if row.alarms:
            fields.setdefault((row.kind == "control", row.name), []).append(row.autoencoder)
    if not fields:
        return [(Strong("Copies"), ": no row is closer to training samples than held-out ones.")]
    groups: dict[tuple[str, ...], list[Text]] = {}
    for (is_control, name), those in sorted(fields.items()):
        text = (Code(name), " (control)") if is_control else (Code(name),)
        groups.setdefault(tuple(those), []).append(text)
    texts = [(*join(names, ", "), *_name_all(ranking, those)) for those, names in groups.items()]
    doubt = any(alarm.alarm_is_relative for row in ranking.rows for alarm in row.alarms)
    rule = "closer to training samples than held-out ones are" + ", or only narrower" * doubt
    return [(Strong("Copies"), f" (‡, {rule}): ", *join(texts, "; "), ".")]


def _describe_doubts(ranking: Ranking, column: Column, outcomes: Sequence[_Outcome]) -> Text:
    ties: dict[tuple[str, ...], list[_Outcome]] = {}
    for outcome in outcomes:
        if len(outcome.leaders) != 1:
            ties.setdefault(outcome.leaders, []).append(outcome)
    doubts = [
        (*_describe_tie(leaders), *_name_fields(ranking, those)) for leaders, those in ties.items()
    ]
    split, groups = count_split_winners(ranking)
    if split:
        several = f" with {split} of {groups} autoencoders" if groups > 1 else ""
        doubts.append((f"the winner by all columns, which name different ones{several}",))
    if doubts:
        return (Strong("Not decided"), ": ", *join(doubts, "; "), ".")
    return (Strong("Decided"), f": the best row in {column.title}; no other column names another.")


def _describe_tie(leaders: Sequence[str]) -> Text:
    if not leaders:
        return ("the best row, for lack of rows or seeds to compare",)
    return ("the order of ", *_list(leaders))


def _name_fields(ranking: Ranking, outcomes: Iterable[_Outcome]) -> Text:
    fields = [outcome.field for outcome in outcomes if outcome.field]
    return _name_all(ranking, fields) if fields else ()


def _name_all(ranking: Ranking, autoencoders: Sequence[str]) -> Text:
    """The autoencoders with which something is so; nothing where there is only one."""
    count = len({row.autoencoder for row in ranking.rows})
    if count == 1:
        return ()
    if len(autoencoders) == count:
        return (f" with all {count} autoencoders",)
    return (" with ", *_list(autoencoders))


def _list(names: Sequence[str]) -> Text:
    """The names as code: ``a``, ``b`` and 3 more."""
    return join(_shorten([(Code(name),) for name in names]), ", ")


def _shorten(texts: Sequence[Text]) -> list[Text]:
    if len(texts) <= _MOST_NAMES + 1:
        return list(texts)
    return [*texts[:_MOST_NAMES], (f"{len(texts) - _MOST_NAMES} more",)]
