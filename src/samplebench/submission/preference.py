"""Two records of one cell: do they agree, and which of them is kept?"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from samplebench.digests import digest_of
from samplebench.results.record import Record, Score

_RANKS: Final = {"refused": 0, "failed": 1, "incomplete": 2, "measured": 3}
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)

RULE: Final = (
    "a measured record comes before an incomplete one, and that before a failed or refused one; "
    "then one that a replay has not shown to be stale, the one with more scores, and the one that "
    "was finished later"
)
"""In words, for messages and pages."""


def choose(one: Record, other: Record) -> Record:
    """The record to keep, the same whichever comes first."""
    return max(one, other, key=_preference)


def list_differences(one: Record, other: Record) -> list[str]:
    """Each score of quality in which two records of a cell differ in a bit.

    Costs are left out: they are those of a machine, and never the same twice. So are scores that
    only one of them has.
    """
    if one.status in ("failed", "refused") or other.status in ("failed", "refused"):
        return []
    theirs = {score.column: score for score in other.scores}
    return [
        text
        for score in one.scores
        if score.subject != "cost" and score.column in theirs
        for text in _compare(score, theirs[score.column])
    ]


def is_same_measurement(one: Record, other: Record) -> bool:
    """True if two records come from one measurement, though one was stamped since."""
    return _measurement(one) == _measurement(other)


def _measurement(record: Record) -> tuple[Any, ...]:
    numbers = [(score.column, score.value, score.values) for score in record.scores]
    return record.status, record.provenance.finished, numbers, record.costs, record.picture


def _compare(one: Score, other: Score) -> Iterator[str]:
    if (one.value, one.values) != (other.value, other.values):
        yield f"{one.title} is {_text(one.value)} and {_text(other.value)}"
    elif (one.problem is None) != (other.problem is None):
        yield f"{one.title} has a problem in one of them: {one.problem or other.problem}"
    if one.floor and other.floor and one.floor.values != other.floor.values:
        yield f"the floor of {one.title} is {one.floor.mean!r} and {other.floor.mean!r}"


def _text(value: float | None) -> str:
    return "absent" if value is None else repr(value)


def _preference(record: Record) -> tuple[Any, ...]:
    return (
        _RANKS[record.status],
        record.verification.state != "stale",
        len(record.scores),
        _read_time(record.provenance.finished),
        _read_time(record.verification.finished or ""),
        digest_of(record.to_json()),
    )


def _read_time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return _LONG_AGO
    return time if time.tzinfo else time.replace(tzinfo=UTC)
