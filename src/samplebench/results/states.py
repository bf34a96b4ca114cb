"""Marks of rows whose scores may not hold, given the code and versions of today."""

from typing import Final

from samplebench.results.blocks import Text
from samplebench.results.ranking import Row

MARKS: Final = {"stale": "°°", "unverified": "°"}
"""By the state of a record's verification; the worst first."""

_MEANINGS: Final = {
    "stale": "a replay with later code gave other scores; not measured again yet.",
    "unverified": "measured by code or versions that have changed since, and not replayed yet.",
}


def mark_of(row: Row) -> str:
    """The mark of the worst state among the records of a row; none if all are measured."""
    states = {record.verification.state for record in row.measured}
    return next((mark for state, mark in MARKS.items() if state in states), "")


def explain_marks(rows: tuple[Row, ...]) -> list[Text]:
    """A line for each mark that some row has."""
    shown = {mark_of(row) for row in rows}
    return [(f"{mark} {_MEANINGS[state]}",) for state, mark in MARKS.items() if mark in shown]
