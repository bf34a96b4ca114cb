"""Pieces of a table that are no larger than a page, with letters that can be read."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

from samplebench.results.blocks import Table, Text
from samplebench.results.formats.shared_labels import varying_labels

_WIDEST: Final = 100
"""About as many letters as a line of a table has where its letters are as small as they may be."""

_TALLEST: Final = 46
"""Lines that a page has for a table."""

_LEAST: Final = 20
"""Lines that a table has, however much is said about it."""

_RULES: Final = 3
"""The lines that a panel takes besides its rows: its heading, and the gap to the next."""


@dataclass(frozen=True)
class Piece:
    """Some rows of a table, in panels below each other: each has the labels and some columns."""

    table: Table
    labels: tuple[int, ...]
    panels: tuple[tuple[int, ...], ...]


def cut(table: Table, lines: int) -> list[Piece]:
    """Cut a table where it is larger than a page on which ``lines`` of text stand about it.

    First the columns go into panels; where they are too tall together, rows with the same first
    label get pieces of their own.
    """
    room = max(_TALLEST - lines, _LEAST)
    whole = list(_stack(table, room))
    if len(whole) == 1:
        return whole
    first, *others = _divide_rows(table)
    return [*_stack(first, room), *(piece for part in others for piece in _stack(part, _TALLEST))]


def _stack(table: Table, room: int) -> Iterator[Piece]:
    """Pieces with all rows, each with as many panels as fit: the first into ``room``, the others
    on a page.
    """
    labels = tuple(varying_labels(table))
    panels = _divide_columns(table, labels)
    while panels:
        count = max(1, room // (len(table.rows) + _RULES))
        yield Piece(table, labels, tuple(panels[:count]))
        panels, room = panels[count:], _TALLEST


def _divide_columns(table: Table, labels: Sequence[int]) -> list[tuple[int, ...]]:
    room = _WIDEST - sum(_width(table, place) for place in labels)
    panels: list[list[int]] = [[]]
    for place in range(table.labels, len(table.headings)):
        if panels[-1] and sum(_width(table, each) for each in (*panels[-1], place)) > room:
            panels.append([])
        panels[-1].append(place)
    return [tuple(panel) for panel in panels]


def _divide_rows(table: Table) -> Iterator[Table]:
    """Tables of the rows with one first label, where these are several, and of no more than a page
    has lines.
    """
    groups: Iterable[tuple[tuple[Text, ...], ...]] = [table.rows]
    if table.labels > 1 and len({row[0] for row in table.rows}) < len(table.rows):
        groups = [tuple(rows) for _, rows in groupby(table.rows, key=lambda row: row[0])]
    most = _TALLEST - _RULES
    for rows in groups:
        for start in range(0, len(rows), most):
            yield replace(table, rows=rows[start : start + most])


def _width(table: Table, place: int) -> int:
    """About the letters of a column, with the gap to the next."""
    texts = [table.headings[place], *(row[place] for row in table.rows)]
    return 2 + max(len(plain_text(text)) for text in texts)


def plain_text(text: Text) -> str:
    """A text without markup."""
    return "".join(run if isinstance(run, str) else run.text for run in text)
