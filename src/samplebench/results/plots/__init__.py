"""Plots of boards: charts as plain data, made from rankings alone, and figures drawn from them.

A module a kind says what is shown; ``drawing`` draws all of them in one style. Nothing here
measures, and nothing but ``drawing``, ``files`` and ``lettering`` needs matplotlib.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from samplebench.missing import Missing
from samplebench.results.plots.chart import Chart
from samplebench.results.plots.copying import plan_copying
from samplebench.results.plots.cost import plan_cost
from samplebench.results.plots.files import render
from samplebench.results.plots.rate import plan_rate
from samplebench.results.plots.scores import plan_scores
from samplebench.results.plots.sweep import plan_sweep
from samplebench.results.ranking import Ranking

if TYPE_CHECKING:
    from samplebench.results.board import Board

KINDS: Final[Mapping[str, Callable[[str, Ranking, Sequence[str]], Chart | Missing]]] = {
    "scores": plan_scores,
    "copying": plan_copying,
    "cost": plan_cost,
    "sweep": plan_sweep,
    "rate": plan_rate,
}
"""The kinds of plots that are made from records alone. Each takes the name of the suite, a
ranking, and the titles of columns to show in place of the usual ones.
"""
EMBEDDED: Final = ("scores", "copying", "cost", "rate")
"""The kinds that stand in the page of a board, where it has what they need."""


@dataclass(frozen=True)
class Plot:
    """A plot that was drawn.

    Attributes:
        name: of its file, without a suffix: ``scores``, ``scores_spoken-digits``.
        description: what is seen, in words: the text for who cannot see it.
        caption: how to read it; the picture has it too.
        svg: the picture, a whole SVG file.
    """

    name: str
    kind: str
    title: str
    description: str
    caption: str
    svg: bytes


def draw_board(board: "Board") -> dict[str, Plot]:
    """Draw the plots that stand in the page of a board, by name, in the order of the page.

    The same board gives the same bytes on one machine. Needs matplotlib, and takes about half a
    second a plot.
    """
    return {
        name: Plot(
            name, chart.kind, chart.title, chart.description, chart.caption, render(chart, ".svg")
        )
        for name, chart in board.charts.items()
    }


def plan_embedded(suite: str, rankings: Sequence[Ranking]) -> dict[str, Chart]:
    """The charts of a board's page by the names of their files, a table after the other."""
    planned = {}
    for ranking, ending in zip(rankings, name_tables(rankings), strict=True):
        for kind in EMBEDDED:
            chart = KINDS[kind](suite, ranking, ())
            if isinstance(chart, Chart):
                planned[f"{kind}{ending}"] = chart
    return planned


def name_tables(rankings: Sequence[Ranking]) -> list[str]:
    """The endings of the names of files for each of several tables; none for a single one."""
    if len(rankings) == 1:
        return [""]
    names = [
        "".join(c if c.isalnum() or c in "-." else "-" for c in ranking.dataset).strip("-.")
        for ranking in rankings
    ]
    return [
        f"_{name}" if names.count(name) == 1 else f"_{name}_{number}"
        for number, name in enumerate(names, start=1)
    ]
