"""Notes under a table: what was not measured, and why."""

from collections.abc import Iterable
from dataclasses import dataclass

from samplebench.results.labels import listed
from samplebench.results.markdown import code, plain, superscript
from samplebench.results.table import Row, Table


@dataclass(frozen=True)
class Note:
    """A sentence about some seeds of a row, or of one of its cells.

    ``row`` and ``column`` are places in the table; without a column it is the whole row's.
    """

    number: int
    row: int
    column: int | None
    text: str

    @property
    def line(self) -> str:
        return f"{superscript(self.number)} {self.text}"


def notes(table: Table) -> list[Note]:
    """Every reason why something is missing, from the top of the table down."""
    found = [
        (place, column, text)
        for place, row in enumerate(table.rows)
        for column, text in (*_about_row(row), *_about_cells(row, table))
    ]
    return [Note(number, *note) for number, note in enumerate(found, start=1)]


def marks(found: Iterable[Note], row: int, column: int | None) -> str:
    """The numbers of the notes on a cell, or on a row as a whole."""
    return " ".join(
        superscript(note.number) for note in found if (note.row, note.column) == (row, column)
    )


def subject(row: Row) -> str:
    """A row in words."""
    name = code(row.name) if row.kind in ("sampler", "control") else row.name
    return f"{code(row.autoencoder)} × {name}"


def _about_row(row: Row) -> Iterable[tuple[None, str]]:
    seeds: dict[tuple[str, str], list[int]] = {}
    for record in row.unmeasured:
        seeds.setdefault((record.status, record.reason or ""), []).append(record.seed)
    for (status, reason), those in sorted(seeds.items()):
        yield None, f"{subject(row)}: {status}, {plain(reason)} ({_seeds(those)})"


def _about_cells(row: Row, table: Table) -> Iterable[tuple[int, str]]:
    for place, (column, cell) in enumerate(zip(table.columns, row.cells, strict=True)):
        seeds: dict[str, list[int]] = {}
        for problem in cell.problems:
            seeds.setdefault(problem.text, []).append(problem.seed)
        for text, those in sorted(seeds.items()):
            yield place, f"{subject(row)}, {column.title}: {plain(text)} ({_seeds(those)})"


def _seeds(seeds: Iterable[int]) -> str:
    numbers = listed(map(str, seeds))
    return f"{'seeds' if ',' in numbers else 'seed'} {numbers}"
