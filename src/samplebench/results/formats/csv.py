"""Scores as comma-separated values in long form: a line a score, numbers with every digit.

A text that a spreadsheet would take for a formula has an apostrophe before it, by which
spreadsheets know it for a text.
"""

import re
from collections.abc import Iterable

import pandas as pd

from samplebench.results.excerpt import Excerpt
from samplebench.results.frames import frame_scores

_FORMULA = re.compile(r"^(?=\s*[=+\-@\t\r])")


def render(excerpts: Iterable[Excerpt]) -> str:
    """The scores of tables, each with its suite; in UTF-8, lines end with a line feed.

    The columns after ``suite`` are those of ``samplebench.read_results(...).table()``. The mean,
    std and interval are over the n seeds; an absent number is empty.
    """
    frames = [frame_scores([excerpt.shown]).assign(suite=excerpt.suite) for excerpt in excerpts]
    scores = pd.concat(frames, ignore_index=True)
    scores.insert(0, "suite", scores.pop("suite"))
    text: str = scores.map(_protect).to_csv(index=False, lineterminator="\n")
    return text


def _protect(cell: object) -> object:
    return _FORMULA.sub("'", cell) if isinstance(cell, str) else cell
