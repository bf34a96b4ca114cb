"""Blocks as markdown, in the dialect of GitHub."""

import re
from collections.abc import Iterable
from typing import Final, assert_never
from urllib.parse import quote

from tabulate import tabulate

from samplebench.plain_text import one_line
from samplebench.results.blocks import (
    Block,
    Bullets,
    Code,
    Heading,
    Link,
    Paragraph,
    Picture,
    Run,
    Strong,
    Table,
    Text,
    Written,
)

_PLAIN: Final = re.compile("[A-Za-z0-9 .,:;()+/%=±×—↓↑-]*")
"""Text in which nothing is escaped."""


def render(blocks: Iterable[Block]) -> str:
    """A page, or a part of one."""
    return "\n\n".join(map(_block, blocks)) + "\n"


def _block(block: Block) -> str:
    match block:
        case Heading(text, level):
            return f"{'#' * level} {line(text)}"
        case Paragraph(text):
            return line(text)
        case Bullets(items):
            return "\n".join(f"- {line(item)}" for item in items)
        case Table():
            return _table(block)
        case Picture(path, description):
            return f"![{_escape_label(description)}]({quote(path)})"
        case Written(markdown):
            return markdown
    assert_never(block)


def _table(table: Table) -> str:
    """A line a row, its columns aligned for who reads the source."""
    rest = len(table.headings) - table.labels
    text: str = tabulate(
        [[cell(text) for text in row] for row in table.rows],
        headers=[cell(text) for text in table.headings],
        tablefmt="pipe",
        disable_numparse=True,
        colalign=("left",) * table.labels + ("right",) * rest,
    )
    return text


def cell(text: Text) -> str:
    """A text in a cell of a table."""
    # A table is cut at its bars before code is looked for: one in code is escaped too.
    return "".join(
        _run(run).replace("|", "\\|") if isinstance(run, Code) else _run(run) for run in text
    )


def line(text: Text) -> str:
    """A text on a line of its own, which must not look like a list, a rule or a definition."""
    shown = "".join(map(_run, text)).strip()
    shown = re.sub(r"^(\d*)([-+=.)])", r"\1\\\2", shown)
    return re.sub(r"^(?=\[[^\]]*\]:)", r"\\", shown)


def _run(run: Run) -> str:
    match run:
        case str():
            return _escape(run)
        case Code(text):
            return _code(_one_line(text))
        case Strong(text):
            return f"**{_escape(text)}**"
        case Link(text, path):
            return f"[{_escape_label(text)}]({quote(path)})"
    assert_never(run)


def _code(text: str) -> str:
    """Code between more backticks than it holds in a row."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence, padding = "`" * (longest + 1), " " if longest else ""
    return f"{fence}{padding}{text}{padding}{fence}"


def _escape(text: str) -> str:
    """Plain text. A bracket is escaped only where it could end the text of a link, an underscore
    only at the edge of a word, and an ampersand only where an entity could begin.
    """
    if _PLAIN.fullmatch(text) and "  " not in text:
        return text  # as most cells of a table
    marks = r"([\\`*<>|~#$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|&(?=[#A-Za-z]))"
    escaped = re.sub(marks, r"\\\1", _one_line(text))
    return re.sub(r"\](?=[(\[])", r"\\]", escaped)


def _escape_label(text: str) -> str:
    """The text of a link, which a bracket would end."""
    return re.sub(r"([\\`*_<>|~#&$\[\]])", r"\\\1", _one_line(text))


def _one_line(text: str) -> str:
    """Text without line breaks, and with control characters written out."""
    return one_line(re.sub(r"\s+", " ", text))
