"""The table itself in markdown: a line a row, a cell a figure."""

from collections.abc import Sequence

from pandas import DataFrame

from samplebench.results.figures import figure
from samplebench.results.markdown import code, link
from samplebench.results.notes import Note, marks
from samplebench.results.table import Cell, Column, Row, Table


def grid(suite: str, table: Table, missing: Sequence[Note]) -> str:
    """The rows and columns of a table; ``missing`` gives the marks of what has no figure."""
    headings = ["autoencoder", "sampler", "n", *map(_column, table.columns)]
    texts = [
        [
            _in_cell(code(row.autoencoder)),
            _in_cell(_name(row)),
            _seeds(suite, row, marks(missing, place, None)),
            *_figures(row, place, missing),
        ]
        for place, row in enumerate(table.rows)
    ]
    aligned = ("left", "left", *("right" for _ in headings[2:]))
    frame = DataFrame(texts, columns=[_in_cell(heading) for heading in headings])
    page: str = frame.to_markdown(index=False, disable_numparse=True, colalign=aligned)
    return page


def _column(column: Column) -> str:
    unit = f" [{column.unit}]" if column.unit else ""
    return f"{column.title}{unit} {'↓' if column.better == 'lower' else '↑'}"


def _name(row: Row) -> str:
    alarm = " ‡" if row.alarms else ""
    texts = {
        "floor": "real data (floor)",
        "reconstruction": "reconstruction",
        "control": f"{code(row.name)} (control){alarm}",
        "sampler": f"{code(row.name)}{alarm}",
    }
    return texts[row.kind]


def _seeds(suite: str, row: Row, mark: str) -> str:
    """How many seeds were measured, with a link to the first one's record."""
    first = (*row.measured, *row.unmeasured)[0]
    text = link(str(row.n), "records", suite, first.file_name)
    return f"{text} {mark}".rstrip()


def _figures(row: Row, place: int, missing: Sequence[Note]) -> list[str]:
    """The figures of a row. One that was never measured says why in the place of the first."""
    texts = [
        _figure(cell, row.n, marks(missing, place, column))
        for column, cell in enumerate(row.cells)
    ]
    if row.n == 0 and texts:
        outcomes = sorted({record.status for record in row.unmeasured})
        texts[0] = f"{' and '.join(outcomes)} {marks(missing, place, None)}"
    return texts


def _figure(cell: Cell, seeds: int, mark: str) -> str:
    """Mean and spread. How many seeds, where the row has more; a dash, where none has a value."""
    if cell.summary is None:
        return f"— {mark}".rstrip()
    text = figure(cell.summary)
    shown = f"**{text}**" if cell.bold else text
    fewer = f" (n = {cell.summary.n})" if cell.summary.n < seeds else ""
    return f"{shown}{fewer} {mark}".rstrip()


def _in_cell(text: str) -> str:
    return text.replace("|", "\\|")
