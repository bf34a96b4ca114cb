"""Words that all plots share: titles, numbers, and the rule for intervals."""

from collections.abc import Iterable
from typing import Final

from samplebench.results.plots.chart import Panel
from samplebench.results.ranking import Ranking

ARROWS: Final = "↓: lower is better, ↑: higher is better."


def explain_points(panels: Iterable[Panel]) -> str:
    """The rule for points, bars and arrows."""
    estimates = [each for panel in panels for p in panel.points for each in (p.x, p.y)]
    if all(each.low is None for each in estimates):
        return f"Points are scores of one seed, which have no intervals. {ARROWS}"
    return (
        "Points are means over seeds, bars their 95 % intervals (Student's t), cut where they "
        f"leave the panel. {ARROWS}"
    )


def title_of(suite: str, ranking: Ranking) -> str:
    """The name of the board, and of the table where that is another."""
    return suite if ranking.title == suite else f"{suite} on {ranking.title}"


def count(number: int, noun: str) -> str:
    """``1 row``, ``2 rows``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
