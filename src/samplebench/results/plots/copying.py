"""Quality against copying: is a row good because it repeats training samples?"""

from collections.abc import Sequence

from samplebench.missing import Missing
from samplebench.results.marking import find_limit
from samplebench.results.plots.chart import Chart, Line
from samplebench.results.plots.rows import (
    choose_columns,
    copying_columns,
    drawn_rows,
    quality_columns,
)
from samplebench.results.plots.scatter import Pair, Scatter
from samplebench.results.ranking import Ranking
from samplebench.vocabulary import Direction


def plan_copying(suite: str, ranking: Ranking, columns: Sequence[str] = ()) -> Chart | Missing:
    """Plot the first score of quality against each score of copying that raises alarms.

    Args:
        columns: titles of other scores, of quality, of copying or both.
    """
    quality, copying = quality_columns(ranking), copying_columns(ranking)
    if not copying:
        return Missing("needs a score of copying, such as near copies, and no row has one")
    if not quality:
        return Missing("needs a score of generated samples, such as FD, and no row has one")
    every = [place for place, column in enumerate(ranking.columns) if column.diagnostic]
    pairs = tuple(
        Pair(x, y, _alarms(ranking, x))
        for y in choose_columns(ranking, columns, quality, quality[:1])
        for x in choose_columns(ranking, columns, every, copying)
    )
    caption = "Rows in the shaded part are closer to training samples than held-out ones are."
    chart = Scatter("copying", "quality against copying", caption, suite, ranking, pairs).make()
    return chart or Missing("needs rows with a score of quality and one of copying; none has both")


def _alarms(ranking: Ranking, place: int) -> dict[str, tuple[Line, ...]]:
    """The line beyond which rows of an autoencoder are marked as copiers."""
    column = ranking.columns[place]
    lines: dict[str, tuple[Line, ...]] = {}
    for row in drawn_rows(ranking):
        limit = find_limit(row, place, ranking)
        if limit is not None:
            beyond: Direction = "higher" if column.better == "lower" else "lower"
            lines[row.autoencoder] = (Line("alarm (‡ beyond it)", "alarm", "x", limit, beyond),)
    return lines
