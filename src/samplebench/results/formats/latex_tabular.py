"""The rows of a table in LaTeX: by pandas' Styler, with booktabs and siunitx."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

import pandas as pd

from samplebench.results.blocks import Code, Strong, Table, Text
from samplebench.results.formats.latex_text import line, line_of_row, run

_NUMBER: Final = re.compile(r"(-?[\d,]+)(\.\d+)?(e-?\d+)?")
_SCORE: Final = re.compile(rf"({_NUMBER.pattern})(?: ± ({_NUMBER.pattern}))?")


def tabular(table: Table, labels: Sequence[int], places: Sequence[int]) -> str:
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
        texts = [line_of_row(row[place]) for row in table.rows]
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
    # pandas leaves the headings of labels empty, or puts them on a line of their own.
    headings = "".join(f"{line(table.headings[place])} & " for place in labels)
    return text.strip().replace("{} & " * len(labels), headings, 1)


def _number_labels(table: Table, labels: Sequence[int]) -> list[tuple[int, ...]]:
    """For each row, the numbers of the rows whose labels it shows: repeated ones are merged."""
    numbers: list[tuple[int, ...]] = []
    for number, row in enumerate(table.rows):
        repeats = number > 0 and row[labels[0]] == table.rows[number - 1][labels[0]]
        first = numbers[-1][0] if repeats and len(labels) > 1 else number
        numbers.append((first, *(number for _ in labels[1:])))
    return numbers


def _split_score(text: Text) -> tuple[str, str]:
    """Split a score into the aligned part and the rest: all of a cell without a score."""
    first, *others = text or ("",)
    found = _SCORE.fullmatch(first if isinstance(first, str) else first.text)
    if not found or isinstance(first, Code):
        return "", line(text)
    score, reach = found[1], found[5]
    rest = [rf"$\pm$ \num{{{reach.replace(',', '')}}}"] if reach else []
    return score.replace(",", ""), "".join([*rest, *map(run, others)])


def _format(scores: Iterable[str]) -> str:
    """The digits that the aligned column has room for, before and after the decimal marker."""
    numbers = [found for score in scores if (found := _NUMBER.fullmatch(score))]
    whole = max((len(number[1].lstrip("-")) for number in numbers), default=1)
    decimals = max((len(number[2] or ".") - 1 for number in numbers), default=0)
    sign = "-" if any(number[1].startswith("-") for number in numbers) else ""
    exponents = [number[3] for number in numbers if number[3]]
    return f"{sign}{whole}.{decimals}{max(exponents, key=len, default='')}"
