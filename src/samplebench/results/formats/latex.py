"""Blocks as LaTeX, for papers: each table is a float, by pandas' Styler, booktabs and siunitx.

The heading before a table and the paragraphs after it become its caption; lists after it become
notes below it. Replace ``table`` by ``table*`` for one across two columns: it fits itself.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, assert_never

from samplebench.results.blocks import (
    Block,
    Bullets,
    Heading,
    Paragraph,
    Picture,
    Table,
    Text,
    Written,
)
from samplebench.results.formats.latex_pieces import Piece, cut, plain_text
from samplebench.results.formats.latex_tabular import tabular
from samplebench.results.formats.latex_text import escape, line, line_of_row
from samplebench.results.formats.shared_labels import shared_labels

PACKAGES: Final = ("adjustbox", "booktabs", "graphicx", "siunitx")
"""Those that a document has to load for what this module writes."""

_SIGNS_A_LINE: Final = 80
"""About as many letters as a line of a caption has, in one column of text."""


@dataclass
class _Gathered:
    """A table with the texts about it."""

    table: Table
    title: Text
    caption: list[Text] = field(default_factory=list)
    notes: list[Text] = field(default_factory=list)


def render(blocks: Iterable[Block]) -> str:
    """A part of a document: its first line is a comment that names the packages it needs.

    Links are left out, since they lead to files of a board's folder.
    """
    labels: set[str] = set()
    needs = f"% In the preamble: \\usepackage{{{','.join(PACKAGES)}}}"
    pieces: list[str] = []
    for part in _group(blocks):
        pieces += _floats(part, labels) if isinstance(part, _Gathered) else [_block(part)]
    return "\n\n".join([needs, *pieces]) + "\n"


def _group(blocks: Iterable[Block]) -> list["Block | _Gathered"]:
    """Gather what belongs to each table."""
    parts: list[Block | _Gathered] = []
    for block in blocks:
        last = parts[-1] if parts else None
        if isinstance(block, Table):
            title: Text = ()
            if isinstance(last, Heading):
                parts.pop()
                title = last.text
            parts.append(_Gathered(block, title))
        elif isinstance(last, _Gathered) and isinstance(block, Paragraph):
            last.caption.append(block.text)
        elif isinstance(last, _Gathered) and isinstance(block, Bullets):
            last.notes += block.items
        else:
            parts.append(block)
    return parts


def _block(block: Block) -> str:
    match block:
        case Heading(text, level):
            return f"\\{'section' if level == 1 else 'subsection'}*{{{line(text)}}}"
        case Paragraph(text):
            return line(text)
        case Bullets(items):
            points = "".join(f"  \\item {line_of_row(item)}\n" for item in items)
            return f"\\begin{{itemize}}\n{points}\\end{{itemize}}"
        case Picture(path, description):
            return (
                f"% {escape(description)}\n"
                f"\\includegraphics[width=\\linewidth]{{\\detokenize{{{path}}}}}"
            )
        case Written(markdown):
            return "\n\n".join(escape(text) for text in markdown.split("\n\n"))
        case Table():
            raise AssertionError("tables are floats")
    assert_never(block)


def _floats(part: _Gathered, labels: set[str]) -> list[str]:
    """The table as a float, or as several where it is larger than a page. The first has the whole
    caption and the notes; the others refer to it.
    """
    notes = [line(note) for note in part.notes]
    tall = _count_lines([*map(line, part.caption)]) + _count_lines(notes)
    label = _label(part.title, labels)
    floats = []
    for number, piece in enumerate(cut(part.table, tall)):
        if number == 0:
            about = part.caption
            floats.append(_float(part.title, piece, map(line, about), label, notes))
        else:
            again = f"As Table~\\ref{{{label}}}, continued."
            floats.append(_float(part.title, piece, [again], _label(part.title, labels), []))
    return floats


def _float(
    title: Text, piece: Piece, about: Iterable[str], label: str, notes: Sequence[str]
) -> str:
    shared = shared_labels(piece.table, piece.labels)
    name = [line((*title, *((" (", *shared, ")") if shared else ()), "."))] if title else []
    caption = " ".join([*name, *about])
    below = _count_lines([caption, *notes]) + 2
    return "\n".join(
        [
            r"\begin{table}",
            r"\centering\small\sloppy\hbadness=10000 % specs are long words",
            f"\\caption{{{caption}}}",
            f"\\label{{{label}}}",
            r"\vspace{1ex}",
            r"\sisetup{mode=text, reset-text-series=false, group-digits=integer, "
            r"group-minimum-digits=4, group-separator={,}}",
            r"\begin{adjustbox}{max width=\linewidth, "
            f"max totalheight=\\dimexpr\\textheight-{below}\\baselineskip\\relax}}",
            _stack([tabular(piece.table, piece.labels, panel) for panel in piece.panels]),
            r"\end{adjustbox}",
            *_notes(notes),
            r"\end{table}",
        ]
    )


def _stack(panels: Sequence[str]) -> str:
    """Panels below each other."""
    if len(panels) == 1:
        return panels[0]
    stacked = "\n\\\\ \\addlinespace[2ex]\n".join(panels)
    return f"\\begin{{tabular}}{{@{{}}l@{{}}}}\n{stacked}\n\\end{{tabular}}"


def _notes(notes: Sequence[str]) -> list[str]:
    if not notes:
        return []
    return [
        r"\par\smallskip",
        r"\begin{minipage}{\linewidth}\footnotesize\raggedright",
        "\n\n".join(notes),
        r"\end{minipage}",
    ]


def _count_lines(texts: Iterable[str]) -> int:
    return sum(1 + len(text) // _SIGNS_A_LINE for text in texts)


def _label(title: Text, labels: set[str]) -> str:
    """A label of the title's letters, that no other table has."""
    letters = (
        unicodedata.normalize("NFKD", plain_text(title)).encode("ascii", "ignore").decode().lower()
    )
    stem = "tab:" + (re.sub("[^a-z0-9]+", "-", letters).strip("-") or "board")
    number = next(n for n in range(1, len(labels) + 2) if _numbered(stem, n) not in labels)
    labels.add(_numbered(stem, number))
    return _numbered(stem, number)


def _numbered(stem: str, number: int) -> str:
    return stem if number == 1 else f"{stem}-{number}"
