"""Blocks as HTML, in which every text is escaped: a part called ``<script>`` stays text."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import assert_never

from markupsafe import Markup

from samplebench.results.blocks import (
    Block,
    Bullets,
    Code,
    Heading,
    Link,
    Paragraph,
    Picture,
    RowDetails,
    Run,
    Strong,
    Table,
    Text,
    Written,
)
from samplebench.results.formats.written_html import render_written


@dataclass(frozen=True)
class Places:
    """Find what blocks name: on the page, or next to it.

    Attributes:
        link: gives the address of a path.
        anchor: gives the id of the place that shows a picture, or ``None`` where there is none.
        origin: gives the number of an origin in the list that the page has of them.
    """

    link: Callable[[str], str]
    anchor: Callable[[str], str | None]
    origin: Callable[[str], int]


NOWHERE = Places(link=lambda path: path, anchor=lambda _: None, origin=lambda _: 0)
"""Paths as they are, on a page that has nothing but the blocks."""


def render(blocks: Iterable[Block], places: Places) -> Markup:
    """A page, or a part of one."""
    return Markup("\n").join(_block(block, places) for block in blocks)


def _block(block: Block, places: Places) -> Markup:
    match block:
        case Heading(text, level):
            return Markup("<h{0}>{1}</h{0}>").format(level, line(text, places))
        case Paragraph(text):
            return Markup("<p>{}</p>").format(line(text, places))
        case Bullets(items):
            lines = Markup("\n").join(
                Markup("<li>{}</li>").format(line(item, places)) for item in items
            )
            return Markup("<ul>\n{}\n</ul>").format(lines)
        case Table():
            return _table(block, places)
        case Picture(path, description):
            link = places.link(path)  # the page may be read where the file is not
            return Markup('<p><a href="{}">{}</a></p>').format(link, description)
        case Written(markdown):
            return render_written(markdown, places.link)
    assert_never(block)


def line(text: Text, places: Places) -> Markup:
    """A text on a line of its own, or in a cell."""
    return Markup("").join(_run(run, places) for run in text)


def _run(run: Run, places: Places) -> Markup:
    match run:
        case str():
            return Markup("{}").format(run)
        case Code(text):
            return Markup("<code>{}</code>").format(text)
        case Strong(text):
            return Markup("<b>{}</b>").format(text)
        case Link(text, path):
            return Markup('<a href="{}">{}</a>').format(places.link(path), text)
    assert_never(run)


def _table(table: Table, places: Places) -> Markup:
    """A table whose row headers are the cells of the last label column, which names the row."""
    headings = Markup("").join(
        _heading(table, place, places) for place in range(len(table.headings))
    )
    rows = Markup("\n").join(_row(table, place, places) for place in range(len(table.rows)))
    return Markup("<table>\n<thead><tr>{}</tr></thead>\n<tbody>\n{}\n</tbody>\n</table>").format(
        headings, rows
    )


def _heading(table: Table, place: int, places: Places) -> Markup:
    text = line(table.headings[place], places)
    if not table.about_columns:
        return Markup('<th scope="col">{}</th>').format(text)
    kind = Markup(' class="name"') if place == table.labels - 1 else ""
    # An arrow stays on the line of the word before it.
    return Markup('<th scope="col"{}>{}</th>').format(
        kind, text.replace(" ↓", "\xa0↓").replace(" ↑", "\xa0↑")
    )


def _row(table: Table, number: int, places: Places) -> Markup:
    """A row; what is known of it beyond its cells stands in attributes."""
    about = table.about_rows[number] if table.about_rows else None
    cells = Markup("").join(
        _cell(text, place == table.labels - 1, about, places)
        for place, text in enumerate(table.rows[number])
    )
    return Markup("<tr{}>{}</tr>").format(_attributes(about, places), cells)


def _attributes(about: RowDetails | None, places: Places) -> Markup:
    if about is None:
        return Markup("")
    return Markup(' data-kind="{}" data-records="{}" data-origin="{}"{}').format(
        about.kind,
        " ".join(about.records),
        places.origin(about.origin),
        Markup(" data-copies") if about.copies else "",
    )


def _cell(text: Text, names_row: bool, about: RowDetails | None, places: Places) -> Markup:
    content = line(text, places)
    if not names_row:
        return Markup("<td>{}</td>").format(content)
    anchor = about.picture and places.anchor(about.picture) if about else None
    if anchor:
        content = Markup('<a href="#{}">{}</a>').format(anchor, content)
    if about and about.copies:
        content += Markup(' <span class="chip">copies</span>')
    return Markup('<th scope="row">{}</th>').format(content)
