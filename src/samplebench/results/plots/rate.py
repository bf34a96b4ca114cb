"""Rate against distortion: what does a better reconstruction cost in bits?"""

from collections.abc import Iterator, Sequence
from typing import Final

from samplebench.missing import Missing
from samplebench.results.plots.axes import axis_of, describe_axis
from samplebench.results.plots.chart import Chart, Estimate, Panel, Point, Series
from samplebench.results.plots.names import shorten_names
from samplebench.results.plots.rows import choose_columns
from samplebench.results.plots.words import count, explain_points, title_of
from samplebench.results.ranking import Column, Ranking, Row

PANELS_A_LINE: Final = 3


def plan_rate(suite: str, ranking: Ranking, columns: Sequence[str] = ()) -> Chart | Missing:
    """Plot the errors of reconstructions against the rate of the latents, a point a model.

    Args:
        columns: titles of the scores of reconstructions to plot in place of every error.
    """
    own = [
        place for place, column in enumerate(ranking.columns) if column.subject == "autoencoder"
    ]
    rates = [place for place in own if _is_rate(ranking.columns[place])]
    errors = [place for place in own if ranking.columns[place].by_ratio]
    rest = [place for place in own if place not in rates]
    distortions = choose_columns(ranking, columns, rest, errors)
    if not rates:
        return Missing("needs the rate of latents in bits, and no row has one")
    panels = tuple(_panels(ranking, rates[0], distortions))
    if not panels:
        return Missing("needs rows with a rate and an error of reconstruction; none has both")
    heading = f"{title_of(suite, ranking)}: rate against distortion"
    return Chart(
        kind="rate",
        title=heading,
        caption=explain_points(panels),
        description=f"{heading}. {_describe(ranking, rates[0], distortions, panels)}",
        panels=panels,
    )


def _is_rate(column: Column) -> bool:
    return column.unit.startswith("bits") and column.better == "lower"


def _panels(ranking: Ranking, rate: int, distortions: Sequence[int]) -> Iterator[Panel]:
    number = 0
    for place in distortions:
        rows = _rows(ranking, rate, place)
        if rows:
            at = number // PANELS_A_LINE, number % PANELS_A_LINE
            x, y = (axis_of(ranking.columns[p], _means(rows, p)) for p in (rate, place))
            yield Panel(at, "", x, y, _series(ranking, rows, rate, place))
            number += 1


def _rows(ranking: Ranking, rate: int, distortion: int) -> list[Row]:
    rows = [row for row in ranking.rows if row.kind == "reconstruction"]
    return [row for row in rows if row.entries[rate].values and row.entries[distortion].values]


def _series(
    ranking: Ranking, rows: Sequence[Row], rate: int, distortion: int
) -> tuple[Series, ...]:
    """A series of one point for each autoencoder."""
    models = [row.autoencoder for row in ranking.rows if row.kind == "reconstruction"]
    names, styles = shorten_names(models), {name: at for at, name in enumerate(models)}
    series = []
    for row in rows:
        x, y = Estimate.of(row.entries[rate]), Estimate.of(row.entries[distortion])
        if x is not None and y is not None:
            points = (Point(row.autoencoder, x, y),)
            series.append(
                Series(names[row.autoencoder], "sampler", styles[row.autoencoder], points)
            )
    return tuple(series)


def _means(rows: Sequence[Row], place: int) -> list[float]:
    return [summary.mean for row in rows if (summary := row.entries[place].summary)]


def _describe(
    ranking: Ranking, rate: int, distortions: Sequence[int], panels: Sequence[Panel]
) -> str:
    """Say what is seen: axes, panels and points, and the least error."""
    x = describe_axis(ranking.columns[rate], panels[0].x)
    shown = [place for place in distortions if _rows(ranking, rate, place)]
    pairs = zip(shown, panels, strict=True)
    errors = ", ".join(describe_axis(ranking.columns[place], panel.y) for place, panel in pairs)
    first = ranking.columns[shown[0]]
    choose = min if first.better == "lower" else max
    best = choose(panels[0].points, key=lambda point: point.y.mean)
    return (
        f"Scatter plot in {count(len(panels), 'panel')}: {errors} upwards, each against {x} to "
        f"the right, with {count(len(panels[0].points), 'point')}, one for each autoencoder. "
        f"Best {first.title}: {best.name} ({best.y.mean:.3g}) at {best.x.mean:.4g} "
        f"{ranking.columns[rate].unit}."
    )
