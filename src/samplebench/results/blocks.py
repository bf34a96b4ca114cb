"""Blocks: headings, paragraphs, tables and pictures as plain data, without the markup of a format.

Everything that a board says is made of these once; each module of ``formats`` renders them.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Code:
    """A spec, a command or a name of a file."""

    text: str


@dataclass(frozen=True)
class Strong:
    """A text that stands out."""

    text: str


@dataclass(frozen=True)
class Link:
    """A text that leads to a file; ``path`` is relative to the page's folder, with slashes."""

    text: str
    path: str


Run = str | Code | Strong | Link
Text = tuple[Run, ...]
"""One line of text. A plain string in it is any text: formats escape what they must."""


@dataclass(frozen=True)
class Heading:
    """A heading; ``level`` 1 is the title of a page."""

    text: Text
    level: int


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    text: Text


@dataclass(frozen=True)
class Bullets:
    """A list without an order."""

    items: tuple[Text, ...]


@dataclass(frozen=True)
class ColumnDetails:
    """Explain a column: the group with which it is hidden, and the meaning of its numbers."""

    group: str
    meaning: Text


@dataclass(frozen=True)
class RowDetails:
    """Explain a row: its kind, the records behind it, their origin, and its picture, if any.

    ``copies`` is true of a row that a diagnostic marks as a copier.
    """

    kind: str
    copies: bool
    records: tuple[str, ...]
    origin: str
    picture: str | None


@dataclass(frozen=True)
class Table:
    """Rows of cells under headings. The first ``labels`` columns name a row, the others hold what
    it has.

    ``about_columns`` and ``about_rows`` have one for each column and row, or are empty. Formats
    that can show them on demand do so; the others leave them out.
    """

    headings: tuple[Text, ...]
    rows: tuple[tuple[Text, ...], ...]
    labels: int
    about_columns: tuple[ColumnDetails, ...] = ()
    about_rows: tuple[RowDetails, ...] = ()


@dataclass(frozen=True)
class Picture:
    """A picture in a file, and what it shows, in words."""

    path: str
    description: str


@dataclass(frozen=True)
class Written:
    """Text that a person wrote, in markdown."""

    markdown: str


Block = Heading | Paragraph | Bullets | Table | Picture | Written


def join(texts: Iterable[Text], separator: str) -> Text:
    """Several texts as one, with a separator between them."""
    joined: list[Run] = []
    for number, text in enumerate(texts):
        joined += [separator, *text] if number else text
    return tuple(joined)
