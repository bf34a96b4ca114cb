"""Doubtful scores: impossible ones, ones better than real data, and copies of other rows'."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from statistics import fmean
from typing import Final

from samplebench.results.ranking import Column, Ranking, Row
from samplebench.results.record import Record, Score
from samplebench.results.statistics import Summary
from samplebench.submission.findings import Finding
from samplebench.submission.metric_ranges import range_of
from samplebench.submission.records import HeldRecord

_TOLERANCE: Final = 1e-9
"""Relative, between a score and the mean of its values."""


def find_doubts(held: Sequence[HeldRecord], rankings: Iterable[Ranking]) -> Iterator[Finding]:
    """Find the scores of a suite's records that a reviewer should ask about.

    Args:
        rankings: those of the suite's board, with the marks of rows that copy.
    """
    for each in held:
        for score in each.record.scores:
            for reason in _find_impossible(score):
                yield Finding("score", each.path, f"{each.record.label}: {reason}")
    for ranking in rankings:
        yield from _find_better_than_real(ranking)
    yield from _find_equal(held)


def _find_impossible(score: Score) -> Iterator[str]:
    """Numbers outside of the metric's range, and a score that is not the mean of its values."""
    possible = range_of(score)
    values = [value for draws in score.values for value in draws]
    floors = score.floor.values if score.floor else ()
    shown: list[tuple[str, Sequence[float | None]]]
    shown = [("", [score.value]), ("a value of ", values), ("the floor of ", floors)]
    for what, numbers in shown:
        bad = next((n for n in numbers if n is not None and not possible.holds(n)), None)
        if bad is not None:
            yield f"{what}{score.title} is {bad:.6g}, and its range is {possible}"
    if values and score.value is not None:
        mean = fmean(values)
        if not math.isclose(mean, score.value, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE):
            yield f"{score.title} is {score.value:.17g}, and the mean of its values {mean:.17g}"


def _find_better_than_real(ranking: Ranking) -> Iterator[Finding]:
    """Rows whose mean is better than the floor, beyond the end of the floor's interval.

    Rows that copy are left out, because the board marks them.
    """
    floors = {row.autoencoder: row for row in ranking.rows if row.kind == "floor"}
    for row in ranking.rows:
        floor = floors.get(row.autoencoder)
        if row.kind != "sampler" or row.alarms or floor is None:
            continue
        for place, column in enumerate(ranking.columns):
            if (bound := _end_of_floor(floor, place, column)) is None:
                continue
            if (summary := row.entries[place].summary) and _is_better(column, summary.mean, bound):
                yield Finding(
                    "score",
                    f"{ranking.dataset} / {row.autoencoder} / {row.name}",
                    f"{column.title} is {summary.mean:.6g}, better than that of real data, whose "
                    f"interval ends at {bound:.6g}",
                )


def _end_of_floor(floor: Row, place: int, column: Column) -> float | None:
    """The better end of the floor's 95 % interval; ``None`` where there is none to compare with.

    That of estimates, from before floors were measured, is none.
    """
    floors = [
        score.floor
        for record in floor.measured
        for score in record.scores
        if score.column == column.key and score.floor is not None
    ]
    summary: Summary | None = floor.entries[place].summary
    if summary is None or column.diagnostic or any(each.count is None for each in floors):
        return None
    interval = summary.interval()
    if interval is None:
        return None
    return interval[0] if column.better == "lower" else interval[1]


def _is_better(column: Column, value: float, bound: float) -> bool:
    return value < bound if column.better == "lower" else value > bound


def _find_equal(held: Sequence[HeldRecord]) -> Iterator[Finding]:
    """Scores that two rows share to the last digit.

    Costs are left out, and shares and counts, of which there are few; those of an autoencoder
    are compared with those of other autoencoders. One sampler with two settings of one
    autoencoder, and one seed, may share scores: a setting can leave the decoder as it is, and a
    sampler can ignore the latents.
    """
    groups = defaultdict[tuple[object, ...], list[tuple[HeldRecord, Score]]](list)
    for each in held:
        for score in each.record.scores:
            if _can_tell(score, each.record):
                key = (each.record.dataset.key, score.column, score.value)
                groups[key].append((each, score))
    for members in groups.values():
        first, score = members[0]
        for other, _ in members[1:]:
            if not _may_be_equal(first.record, other.record):
                yield Finding(
                    "score",
                    other.path,
                    f"{other.record.label}: {score.title} is {score.value!r}, equal to the last "
                    f"digit to that of {first.record.label}",
                )
                break


def _can_tell(score: Score, record: Record) -> bool:
    if score.value is None or score.subject == "cost" or range_of(score).coincides:
        return False
    if score.subject == "autoencoder" and record.role != "reconstruction":
        return False
    possible = range_of(score)
    return score.value not in (possible.low, possible.high)


def _may_be_equal(one: Record, other: Record) -> bool:
    rows = [(record.autoencoder.key, record.role, _sampler(record)) for record in (one, other)]
    if rows[0] == rows[1]:
        return True  # a row over seeds, or under other conditions: some parts draw nothing
    return (
        rows[0][1:] == rows[1][1:]
        and one.role != "reconstruction"
        and one.autoencoder.name == other.autoencoder.name
        and one.seed == other.seed
    )


def _sampler(record: Record) -> str | None:
    return record.sampler.key if record.sampler else None
