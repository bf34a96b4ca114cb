"""Blocks as LaTeX, for papers: each table is a float, by pandas' Styler, booktabs and siunitx.

The heading before a table and the paragraphs after it become its caption; lists after it become
notes below it. Replace ``table`` by ``table*`` for one across two columns: it fits itself.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, assert_never

import pandas as pd

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
from samplebench.results.formats.latex_text import escape, escape_code
from samplebench.results.formats.shared_labels import shared_labels, varying_labels

PACKAGES: Final = ("adjustbox", "booktabs", "graphicx", "siunitx")
"""Those that a document has to load for what this module writes."""

_NUMBER: Final = re.compile(r"(-?[\d,]+)(\.\d+)?(e-?\d+)?")
_SCORE: Final = re.compile(rf"({_NUMBER.pattern})(?: ± ({_NUMBER.pattern}))?")

_SIGNS_A_LINE: Final = 80
"""About as many letters as a line of a caption has, in one column of text."""

_WIDEST: Final = 100
"""About as many letters as a line of a table has where its letters are as small as they may be."""


@dataclass
class _Float:
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
    pieces = [
        _float(part, labels) if isinstance(part, _Float) else _block(part)
        for part in _group(blocks)
    ]
    return "\n\n".join([needs, *pieces]) + "\n"


def line(text: Text) -> str:
    """A text on one line."""
    return "".join(map(_run, text)).strip()


def _group(blocks: Iterable[Block]) -> list["Block | _Float"]:
    """Gather what belongs to each table."""
    parts: list[Block | _Float] = []
    for block in blocks:
        last = parts[-1] if parts else None
        if isinstance(block, Table):
            title: Text = ()
            if isinstance(last, Heading):
                parts.pop()
                title = last.text
            parts.append(_Float(block, title))
        elif isinstance(last, _Float) and isinstance(block, Paragraph):
            last.caption.append(block.text)
        elif isinstance(last, _Float) and isinstance(block, Bullets):
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
            points = "".join(f"  \\item {_first_in_row(item)}\n" for item in items)
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


def _float(part: _Float, labels: set[str]) -> str:
    varying = varying_labels(part.table)
    shared = shared_labels(part.table, varying)
    title = [(*part.title, *((" (", *shared, ")") if shared else ()), ".")] if part.title else []
    caption = " ".join(line(text) for text in (*title, *part.caption))
    notes = [line(note) for note in part.notes]
    tall = _count_lines([caption]) + _count_lines(notes)
    return "\n".join(
        [
            r"\begin{table}",
            r"\centering\small",
            f"\\caption{{{caption}}}",
            f"\\label{{{_label(part.title, labels)}}}",
            r"\sisetup{mode=text, reset-text-series=false, group-digits=integer, "
            r"group-minimum-digits=4, group-separator={,}}",
            r"\begin{adjustbox}{max width=\linewidth, "
            f"max totalheight=\\dimexpr0.95\\textheight-{tall}\\baselineskip\\relax}}",
            _panels(part.table, varying),
            r"\end{adjustbox}",
            *_notes(notes),
            r"\end{table}",
        ]
    )


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
        unicodedata.normalize("NFKD", _plain(title)).encode("ascii", "ignore").decode().lower()
    )
    stem = "tab:" + (re.sub("[^a-z0-9]+", "-", letters).strip("-") or "board")
    number = next(n for n in range(1, len(labels) + 2) if _numbered(stem, n) not in labels)
    labels.add(_numbered(stem, number))
    return _numbered(stem, number)


def _numbered(stem: str, number: int) -> str:
    return stem if number == 1 else f"{stem}-{number}"


def _panels(table: Table, labels: Sequence[int]) -> str:
    """The table, or as many below each other as make letters that can be read on a page."""
    room = _WIDEST - sum(_width(table, place) for place in labels)
    panels: list[list[int]] = [[]]
    for place in range(table.labels, len(table.headings)):
        if panels[-1] and sum(_width(table, each) for each in (*panels[-1], place)) > room:
            panels.append([])
        panels[-1].append(place)
    texts = [_tabular(table, labels, places).strip() for places in panels]
    if len(texts) == 1:
        return texts[0]
    stacked = "\n\\\\ \\addlinespace[2ex]\n".join(texts)
    return f"\\begin{{tabular}}{{@{{}}l@{{}}}}\n{stacked}\n\\end{{tabular}}"


def _width(table: Table, place: int) -> int:
    """About the letters of a column, with the gap to the next."""
    texts = [table.headings[place], *(row[place] for row in table.rows)]
    return 2 + max(len(_plain(text)) for text in texts)


def _tabular(table: Table, labels: Sequence[int], places: Sequence[int]) -> str:
    """Some columns by pandas' Styler. Each has two in LaTeX: one aligns at the decimal marker, the
    other has the half-width of the interval and marks.
    """
    cells: dict[tuple[int, str], list[str]] = {}
    bold: dict[tuple[int, str], list[bool]] = {}
    columns = "l" * len(labels)
    for place in places:
        column = [row[place] for row in table.rows]
        scores, rests = zip(*map(_split_score, column), strict=True) if column else ((), ())
        cells |= {(place, "score"): list(scores), (place, "rest"): list(rests)}
        marked = [any(isinstance(run, Strong) for run in text) for text in column]
        bold |= {(place, "score"): marked, (place, "rest"): marked}
        columns += f"S[table-format={_format(scores)}]@{{\\,}}l"
    index = pd.MultiIndex.from_tuples(_number_labels(table, labels), names=[None] * len(labels))
    frame = pd.DataFrame(cells, index=index)
    styles = pd.DataFrame(bold, index=index).map(lambda is_bold: "bfseries:;" * is_bold)
    styler = frame.style.apply(lambda _: styles, axis=None).hide(axis="columns", level=1)
    styler.format_index(lambda place: line(table.headings[place]), axis="columns", level=0)
    for level, place in enumerate(labels):
        texts = [_first_in_row(row[place]) for row in table.rows]
        styler.format_index(texts.__getitem__, axis="index", level=level)
    text: str = styler.to_latex(
        column_format=columns,
        hrules=True,
        siunitx=True,
        multicol_align="c",
        multirow_align="naive",
        sparse_index=True,
        clines="skip-last;data" if len(labels) > 1 else None,
    )
    return text


def _first_in_row(text: Text) -> str:
    """A text that may begin a row, where a bracket or star would belong to the end of the last."""
    shown = line(text)
    return f"{{}}{shown}" if shown.startswith(("[", "*")) else shown


def _number_labels(table: Table, labels: Sequence[int]) -> list[tuple[int, ...]]:
    """For each row, the numbers of the rows whose labels it shows: repeated ones are merged."""
    numbers: list[tuple[int, ...]] = []
    for number, row in enumerate(table.rows):
        repeats = number > 0 and row[labels[0]] == table.rows[number - 1][labels[0]]
        first = numbers[-1][0] if repeats and len(labels) > 1 else number
        numbers.append((first, *(number for _ in labels[1:])))
    return numbers


def _split_score(text: Text) -> tuple[str, str]:
    """What is aligned, and what follows. A cell without a score is all in the second."""
    first, *others = text or ("",)
    found = _SCORE.fullmatch(first if isinstance(first, str) else first.text)
    if not found or isinstance(first, Code):
        return "", line(text)
    score, reach = found[1], found[5]
    rest = [rf"$\pm$ \num{{{reach.replace(',', '')}}}"] if reach else []
    return score.replace(",", ""), "".join([*rest, *map(_run, others)])


def _format(scores: Iterable[str]) -> str:
    """The digits that the aligned column has room for, before and after the decimal marker."""
    numbers = [found for score in scores if (found := _NUMBER.fullmatch(score))]
    whole = max((len(number[1].lstrip("-")) for number in numbers), default=1)
    decimals = max((len(number[2] or ".") - 1 for number in numbers), default=0)
    sign = "-" if any(number[1].startswith("-") for number in numbers) else ""
    exponents = [number[3] for number in numbers if number[3]]
    return f"{sign}{whole}.{decimals}{max(exponents, key=len, default='')}"


def _run(run: Run) -> str:
    match run:
        case str():
            return escape(run)
        case Code(text):
            return f"\\texttt{{{escape_code(text)}}}"
        case Strong(text):
            return f"\\textbf{{{escape(text)}}}"
        case Link(text, _):
            return escape(text)
    assert_never(run)


def _plain(text: Text) -> str:
    return "".join(run if isinstance(run, str) else run.text for run in text)
