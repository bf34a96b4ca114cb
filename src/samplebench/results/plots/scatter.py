"""Scatter plots of boards: a panel an autoencoder, a marker a sampler or control."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from samplebench.results.plots.axes import axis_of, describe_axis
from samplebench.results.plots.chart import Axis, Chart, Estimate, Line, Look, Panel, Point, Series
from samplebench.results.plots.names import shorten_names
from samplebench.results.plots.rows import (
    describe_best,
    drawn_rows,
    list_autoencoders,
    name_rows,
    reference_lines,
    style_samplers,
)
from samplebench.results.plots.words import count, explain_points, title_of
from samplebench.results.ranking import Ranking, Row

PANELS_A_LINE: Final = 3
LONGEST_TITLE: Final = 36
HOLLOW: Final = (
    "Hollow: controls, and rows that the board marks ‡ as copiers. Points of exactly equal score "
    "to the right stand side by side."
)


@dataclass(frozen=True)
class Pair:
    """Two columns of a ranking, by place, one against the other.

    ``lines`` are further lines of its panels, by autoencoder.
    """

    x: int
    y: int
    lines: Mapping[str, tuple[Line, ...]]


@dataclass(frozen=True)
class Scatter:
    """A scatter plot of a ranking: its columns, and how it is called and read."""

    kind: str
    title: str
    caption: str
    suite: str
    ranking: Ranking
    pairs: tuple[Pair, ...]

    def make(self) -> Chart | None:
        """Make the chart; ``None`` if no row has both scores of any pair."""
        panels = tuple(self._panels())
        if not panels:
            return None
        heading = f"{title_of(self.suite, self.ranking)}: {self.title}"
        caption = [self.caption, HOLLOW, explain_points(panels), *self._explain_left_out()]
        return Chart(
            kind=self.kind,
            title=heading,
            caption=" ".join(caption),
            description=f"{heading}. {self._describe(panels)}",
            panels=panels,
        )

    def _panels(self) -> Iterator[Panel]:
        short = shorten_names(list_autoencoders(self.ranking.rows), longest=LONGEST_TITLE)
        names, styles = name_rows(self.ranking), style_samplers(self.ranking)
        line = 0
        for pair in self.pairs:
            rows = [row for row in drawn_rows(self.ranking) if _has_both(row, pair)]
            x, y = self._axes(pair)
            for number, name in enumerate(list_autoencoders(rows)):
                place = line + number // PANELS_A_LINE, number % PANELS_A_LINE
                mine = self.ranking.rows_of(name)
                series = _make_series(mine, pair, names, styles)
                lines = (*reference_lines(mine, pair.y), *pair.lines.get(name, ()))
                yield Panel(place, short[name], x, y, series, lines)
            line += -(-len(list_autoencoders(rows)) // PANELS_A_LINE)

    def _axes(self, pair: Pair) -> tuple[Axis, Axis]:
        """The axes of a pair, which all autoencoders share."""
        rows = [row for row in drawn_rows(self.ranking) if _has_both(row, pair)]
        x, y = (
            axis_of(self.ranking.columns[place], _means(rows, place)) for place in (pair.x, pair.y)
        )
        return x, y

    def _explain_left_out(self) -> list[str]:
        """The number of rows that are nowhere, because they lack one of the scores."""
        rows = drawn_rows(self.ranking)
        left_out = [row for row in rows if not any(_has_both(row, pair) for pair in self.pairs)]
        return [f"Left out, lacking a score: {count(len(left_out), 'row')}."] if left_out else []

    def _describe(self, panels: Sequence[Panel]) -> str:
        """Say what is seen: axes, panels, numbers of points, and the best."""
        columns = self.ranking.columns
        axes = []
        for pair in self.pairs:
            x, y = self._axes(pair)
            axes.append(
                f"{describe_axis(columns[pair.y], y)} upwards against "
                f"{describe_axis(columns[pair.x], x)} to the right"
            )
        names = ", ".join(dict.fromkeys(panel.title for panel in panels))
        points = sum(len(panel.points) for panel in panels)
        lines = dict.fromkeys(line.name for panel in panels for line in panel.lines)
        drawn = f" Lines: {', '.join(lines)}." if lines else ""
        return (
            f"Scatter plot: {'; and '.join(axes)}. {count(len(panels), 'panel')} by autoencoder "
            f"({names}) with {count(points, 'point')}, each a sampler or control.{drawn}"
            f"{describe_best(self.ranking, self.pairs[0].y)}"
        )


def _make_series(
    rows: Iterable[Row], pair: Pair, names: Mapping[str, str], styles: Mapping[str, int]
) -> tuple[Series, ...]:
    """Make a series of one point for each sampler and control."""
    series = []
    for row in (row for row in rows if row.kind in ("sampler", "control")):
        x, y = Estimate.of(row.entries[pair.x]), Estimate.of(row.entries[pair.y])
        if x is not None and y is not None:
            hollow = row.kind == "control" or bool(row.alarms)
            points = (Point(row.name, x, y, hollow),)
            look: Look = "control" if row.kind == "control" else "sampler"
            series.append(Series(names[row.name], look, styles[row.name], points))
    return tuple(series)


def _has_both(row: Row, pair: Pair) -> bool:
    return bool(row.entries[pair.x].values and row.entries[pair.y].values)


def _means(rows: Sequence[Row], place: int) -> list[float]:
    return [summary.mean for row in rows if (summary := row.entries[place].summary)]
