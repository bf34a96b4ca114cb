"""Scores with their intervals, a line a row of the board: a forest plot."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from samplebench.missing import Missing
from samplebench.results.legend import has_samplers
from samplebench.results.plots.axes import axis_of, describe_axis
from samplebench.results.plots.chart import Axis, Chart, Estimate, Look, Panel, Point, Series
from samplebench.results.plots.names import shorten_names
from samplebench.results.plots.rows import (
    choose_columns,
    describe_best,
    list_autoencoders,
    quality_columns,
    reference_lines,
)
from samplebench.results.plots.words import count, explain_points, title_of
from samplebench.results.ranking import Ranking, Row, RowKind

PANELS_A_LINE: Final = 4
LONGEST_TITLE: Final = 60
_LOOKS: Final[dict[RowKind, tuple[str, Look]]] = {
    "floor": ("real data (floor)", "floor"),
    "reconstruction": ("reconstruction", "reconstruction"),
    "control": ("control", "control"),
    "sampler": ("sampler", "sampler"),
}


def plan_scores(suite: str, ranking: Ranking, columns: Sequence[str] = ()) -> Chart | Missing:
    """Plot every score of quality, a panel a column of the board.

    Args:
        columns: titles of the scores to plot in their place.
    """
    every = range(len(ranking.columns))
    places = choose_columns(ranking, columns, every, quality_columns(ranking))
    places = [p for p in places if any(row.entries[p].values for row in ranking.rows)]
    if not places:
        return Missing("needs a score, and no row has one")
    forest = _Forest(ranking, places)
    panels = tuple(forest.panels())
    heading = f"{title_of(suite, ranking)}: scores with their intervals"
    return Chart(
        kind="scores",
        title=heading,
        caption=forest.explain(panels),
        description=f"{heading}. {forest.describe()}",
        panels=panels,
    )


@dataclass(frozen=True)
class _Forest:
    """The scores of a ranking in some columns, given by place."""

    ranking: Ranking
    places: Sequence[int]

    def panels(self) -> Iterator[Panel]:
        """A line of panels for each autoencoder, or for all where none has samplers."""
        line = 0
        axes = {place: self._axis(place) for place in self.places}
        for title, rows in self._groups().items():
            names = self._names(rows)
            for number, place in enumerate(self.places):
                yield Panel(
                    (line + number // PANELS_A_LINE, number % PANELS_A_LINE),
                    title if number == 0 else "",
                    axes[place],
                    Axis("", names=names),
                    tuple(self._series(rows, place)),
                    reference_lines(rows, place, "x") if has_samplers(self.ranking) else (),
                )
            line += -(-len(self.places) // PANELS_A_LINE)

    def _groups(self) -> dict[str, list[Row]]:
        """The rows that share panels, by what these are called."""
        if not has_samplers(self.ranking):
            return {"": [row for row in self.ranking.rows if self._has_scores(row)]}
        short = shorten_names(list_autoencoders(self.ranking.rows), longest=LONGEST_TITLE)
        groups = {
            short[name]: [row for row in self.ranking.rows_of(name) if self._has_scores(row)]
            for name in self.ranking.places_of
        }
        return {name: rows for name, rows in groups.items() if rows}

    def _has_scores(self, row: Row) -> bool:
        return any(row.entries[place].values for place in self.places)

    def _names(self, rows: Sequence[Row]) -> tuple[str, ...]:
        """The name of each row, with the marks that it has in the board."""
        if not has_samplers(self.ranking):
            return tuple(shorten_names(row.autoencoder for row in rows).values())
        names = []
        for row in rows:
            name = _LOOKS[row.kind][0] if row.kind == "floor" else self._short[row.name]
            control = " (control)" if row.kind == "control" else ""
            names.append(f"{name}{control}{' ‡' if row.alarms else ''}")
        return tuple(names)

    @cached_property
    def _short(self) -> dict[str, str]:
        return shorten_names(row.name for row in self.ranking.rows)

    @cached_property
    def _marks_bold(self) -> bool:
        return any(entry.bold for row in self.ranking.rows for entry in row.entries)

    def _axis(self, place: int) -> Axis:
        """The axis of a column, which all panels share."""
        summaries = (row.entries[place].summary for row in self.ranking.rows)
        return axis_of(self.ranking.columns[place], [each.mean for each in summaries if each])

    def _series(self, rows: Sequence[Row], place: int) -> Iterator[Series]:
        """The points of each kind of row, at the place of the row from the top."""
        for kind, (name, look) in _LOOKS.items():
            points = []
            for number, row in enumerate(rows):
                entry = row.entries[place]
                estimate = Estimate.of(entry)
                if row.kind == kind and estimate is not None:
                    title = row.name if has_samplers(self.ranking) else row.autoencoder
                    hollow = self._marks_bold and kind in ("sampler", "control") and not entry.bold
                    points.append(Point(title, estimate, Estimate(float(number)), hollow))
            if not points:
                continue
            if has_samplers(self.ranking):
                yield Series(name, look, 0, tuple(points))
            else:
                yield Series("autoencoder", "sampler", 0, tuple(points))

    def explain(self, panels: Sequence[Panel]) -> str:
        """Explain how to read it."""
        floor = any(row.kind == "floor" for row in self.ranking.rows)
        over = ["Bars of real data are over random subsets of it."] if floor else []
        left_out = [row for row in self.ranking.rows if not self._has_scores(row)]
        less = [f"Left out, lacking scores: {count(len(left_out), 'row')}."] if left_out else []
        return " ".join([*self._explain_bold(), explain_points(panels), *over, *less])

    def _explain_bold(self) -> list[str]:
        """The meaning of points that are filled, and of the mark of copiers."""
        texts = []
        rows = self.ranking.rows if has_samplers(self.ranking) else ()
        if any(entry.bold for row in rows for entry in row.entries):
            texts.append(
                "Filled: bold in the board, the best score and those not significantly different "
                "from it."
            )
        if any(row.alarms for row in self.ranking.rows):
            texts.append("‡: marked as a copier.")
        return texts

    def describe(self) -> str:
        """Say what is seen: panels, scores, rows and intervals, and the best."""
        columns = [self.ranking.columns[place] for place in self.places]
        scores = ", ".join(
            describe_axis(column, self._axis(place))
            for column, place in zip(columns, self.places, strict=True)
        )
        groups = self._groups()
        rows = sum(map(len, groups.values()))
        by = f" in {count(len(groups), 'group')} by autoencoder ({', '.join(groups)})"
        return (
            f"Forest plot: {count(rows, 'row')}{by if has_samplers(self.ranking) else ''}, each "
            f"with its mean and 95 % interval in {count(len(columns), 'panel')}: {scores}."
            f"{describe_best(self.ranking, self.places[0])}"
        )
