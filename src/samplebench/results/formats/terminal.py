"""Blocks on a terminal, by rich: tables are split where they are wider than the console."""

import textwrap
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final, assert_never

from rich import box
from rich.console import Console, RenderableType
from rich.markdown import Markdown
from rich.measure import Measurement
from rich.table import Table as Grid
from rich.text import Text as Styled

from samplebench.results.blocks import (
    Block,
    Bullets,
    Heading,
    Paragraph,
    Picture,
    Strong,
    Table,
    Text,
    Written,
)
from samplebench.results.formats.shared_labels import shared_labels, varying_labels
from samplebench.results.formats.text_table import output_width

_WIDEST_LABEL: Final = 44
_UNBOUNDED: Final = 10_000
_NARROWEST: Final = 8


def console_for_output() -> Console:
    """Standard output: as wide as COLUMNS states, or the terminal, or 100 in a file or a pipe."""
    return Console(highlight=False, width=output_width())


def show(blocks: Iterable[Block], console: Console) -> None:
    """Print the blocks, with a blank line after each."""
    for block in blocks:
        for piece in _pieces(block, console):
            console.print(piece)
            console.print()


def _pieces(block: Block, console: Console) -> list[RenderableType]:
    match block:
        case Heading(text):
            return [Styled.assemble(_styled(text), style="bold underline")]
        case Paragraph(text):
            return [_styled(text)]
        case Bullets(items):
            return [_bullets(items)]
        case Table():
            return list(_split(block, console))
        case Picture(path, description):
            return [Styled(f"{description}: {path}")]
        case Written(markdown):
            return [Markdown(markdown)]
    assert_never(block)


def _styled(text: Text) -> Styled:
    """The runs without links, which lead out of a page and not out of a terminal."""
    styled = Styled()
    for run in text:
        if isinstance(run, str):
            styled.append(run)
        else:
            styled.append(run.text, style="bold" if isinstance(run, Strong) else "")
    return styled


def _bullets(items: Iterable[Text]) -> Grid:
    grid = Grid.grid(padding=(0, 1))
    for item in items:
        grid.add_row("•", _styled(item))
    return grid


def _split(table: Table, console: Console) -> Iterable[RenderableType]:
    """As many tables as it takes for each to fit, all of them with the labels."""
    labels = varying_labels(table)
    places = list(range(table.labels, len(table.headings)))
    while places:
        count = next(
            (
                count
                for count in range(len(places), 1, -1)
                if _fits(_grid(table, labels, places[:count]), console)
            ),
            1,
        )
        yield _grid(table, labels, places[:count])
        places = places[count:]


def _fits(grid: Grid, console: Console) -> bool:
    unbounded = console.options.update(max_width=_UNBOUNDED)
    return Measurement.get(console, unbounded, grid).maximum <= console.width


def _grid(table: Table, labels: Sequence[int], places: Sequence[int]) -> Grid:
    """Some columns of a table. A first label that repeats becomes a line above its rows."""
    grid = Grid(
        title=_styled(shared) if (shared := shared_labels(table, labels)) else None,
        title_justify="left",
        title_style="",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        show_edge=False,
        padding=(0, 1),
    )
    grouped = len(labels) > 1 and len({row[labels[0]] for row in table.rows}) < len(table.rows)
    named = labels[1:] if grouped else labels
    for place in named:
        grid.add_column(_styled(table.headings[place]), max_width=_WIDEST_LABEL)
    for place in places:
        width = max((_styled(row[place]).cell_len for row in table.rows), default=0)
        grid.add_column(_heading(table.headings[place], width), justify="right", no_wrap=True)
    groups = groupby(table.rows, key=lambda row: row[labels[0]] if grouped else ())
    for name, rows in groups:
        if grouped:
            grid.add_section()
            grid.add_row(Styled.assemble(_styled(name), style="bold"))
        for row in rows:
            grid.add_row(*(_styled(row[place]) for place in (*named, *places)))
    return grid


def _heading(text: Text, width: int) -> Styled:
    """A heading on several lines where the column is narrower."""
    lines = textwrap.wrap(
        _styled(text).plain, max(width, _NARROWEST), break_long_words=False, break_on_hyphens=False
    )
    return Styled("\n".join(lines))
