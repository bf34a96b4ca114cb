"""Rows as plain text for any width of a terminal: a table, or a paragraph a row."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from textwrap import fill
from typing import Final

from tabulate import tabulate

_WIDTH_OF_A_FILE: Final = 100
_GAP: Final = 2
"""Spaces between two columns."""

_NARROWEST: Final = 16
"""The width down to which a column is wrapped."""

Rows = Sequence[Mapping[str, str]]


def output_width() -> int:
    """The width that COLUMNS states, or that of the terminal, or 100 in a file or a pipe."""
    return shutil.get_terminal_size(fallback=(_WIDTH_OF_A_FILE, 24)).columns


def format_rows(rows: Rows, width: int) -> str:
    """Format rows with the same columns. Cells are wrapped between words, and no word is cut.

    Where they do not fit, columns that say the same in each row become a line above the table;
    where that is not enough, each row becomes a paragraph.
    """
    if not rows:
        return ""
    rows = _only(rows, [name for name in rows[0] if any(row[name] for row in rows)])
    if (table := _as_table(rows, width)) is not None:
        return table
    shared = [name for name in rows[0] if len(rows) > 1 and len({r[name] for r in rows}) == 1]
    rest = _only(rows, [name for name in rows[0] if name not in shared])
    table = _as_table(rest, width)
    below = "\n".join(_as_paragraph(row, width) for row in rest) if table is None else table
    title = ", ".join(f"{name}: {rows[0][name]}" for name in shared)
    return f"{wrap_text(title, width)}\n\n{below}" if shared else below


def wrap_text(text: str, width: int, indent: str = "") -> str:
    """Wrap each line between words; ``indent`` stands before it, and twice before the next."""
    return "\n".join(
        fill(
            line,
            width,
            initial_indent=indent,
            subsequent_indent=indent * 2,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for line in text.splitlines() or [""]
    )


def _only(rows: Rows, columns: Sequence[str]) -> Rows:
    return [{name: row[name] for name in columns} for row in rows]


def _as_table(rows: Rows, width: int) -> str | None:
    """A table; ``None`` where it would be too wide."""
    columns = {name: [name, *(row[name] for row in rows)] for name in rows[0]}
    widths = _share_width(columns, width)
    if widths is None:
        return None
    cells = [[wrap_text(row[name], widths[name]) for name in columns] for row in rows]
    table = tabulate(cells, headers=list(columns), disable_numparse=True)
    return "\n".join(line.rstrip() for line in table.splitlines())


def _share_width(columns: Mapping[str, Sequence[str]], width: int) -> dict[str, int] | None:
    """The width of each column; the widest give way. ``None`` if they are too many."""
    # tabulate makes no column narrower than two signs more than its heading.
    least = {name: max(_longest(columns[name], str.split), len(name) + 2) for name in columns}
    widths = {name: max(_longest(columns[name], str.splitlines), least[name]) for name in columns}
    room = width - _GAP * (len(columns) - 1)
    while sum(widths.values()) > room:
        flexible = [name for name in columns if widths[name] > max(least[name], _NARROWEST)]
        if not flexible:
            return None
        widths[max(flexible, key=lambda name: widths[name])] -= 1
    return widths


def _longest(texts: Sequence[str], split: Callable[[str], list[str]]) -> int:
    return max((len(piece) for text in texts for piece in split(text)), default=0)


def _as_paragraph(row: Mapping[str, str], width: int) -> str:
    """A row on lines of its own: its first cell, and the others with their names below it."""
    (_, first), *others = row.items()
    cells = (f"{name}: {' '.join(text.split())}" for name, text in others if text)
    return "\n".join([wrap_text(first, width), *(wrap_text(cell, width, "  ") for cell in cells)])
