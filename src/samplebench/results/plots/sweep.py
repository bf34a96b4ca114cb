"""Sweep curves: scores against a numeric setting that rows of one part differ in."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from samplebench.missing import Missing
from samplebench.results.legend import has_samplers
from samplebench.results.plots.axes import axis_of, describe_axis, scale_of
from samplebench.results.plots.chart import Axis, Chart, Estimate, Panel, Point, Series
from samplebench.results.plots.names import shorten_names
from samplebench.results.plots.rows import choose_columns, copying_columns, quality_columns
from samplebench.results.plots.words import count, explain_points, title_of
from samplebench.results.ranking import Ranking, Row
from samplebench.results.record import PartRecord

_FEWEST: Final = 2
"""Values of a setting that make a curve."""
_MOST_SCORES: Final = 6
"""Scores that are plotted where none is asked for."""


@dataclass
class _Curve:
    """Rows that are equal but for one setting: ``name`` is what tells them from other curves."""

    part: str
    setting: str
    name: str
    rows: dict[float, Row] = field(default_factory=dict)


def plan_sweep(suite: str, ranking: Ranking, columns: Sequence[str] = ()) -> Chart | Missing:
    """Plot scores against every numeric setting that varies, a curve an autoencoder.

    Settings are those of samplers and controls, and those of autoencoders with the same sampler or
    with none. A curve joins rows that are equal in all other settings.

    Args:
        columns: titles of the scores to plot in place of those of quality and copying.
    """
    usual = [*quality_columns(ranking), *copying_columns(ranking)]
    places = choose_columns(ranking, columns, range(len(ranking.columns)), usual)
    curves = _find_curves(ranking)
    panels = tuple(_panels(ranking, curves, places if columns else places[:_MOST_SCORES]))
    if not panels:
        return Missing(
            "needs rows of one part that differ in one numeric setting alone, such as "
            "gmm(components=10) and gmm(components=50), and there are none"
        )
    heading = f"{title_of(suite, ranking)}: scores by setting"
    return Chart(
        kind="sweep",
        title=heading,
        caption=_explain(ranking, panels),
        description=f"{heading}. {_describe(ranking, places, panels)}",
        panels=panels,
    )


def _explain(ranking: Ranking, panels: Sequence[Panel]) -> str:
    """Explain how to read it."""
    alarms = any(point.hollow for panel in panels for point in panel.points)
    hollow = " Hollow: marked ‡ in the board, as copiers." if alarms else ""
    joined = "A curve joins rows that are equal in all other settings."
    return f"{joined}{hollow} {explain_points(panels)}"


def _find_curves(ranking: Ranking) -> list[_Curve]:
    """The curves of samplers, then those of autoencoders, each with two rows or more."""
    curves: dict[str, _Curve] = {}
    short = shorten_names(row.autoencoder for row in ranking.rows)
    for row in ranking.rows:
        if row.kind == "floor" or not row.measured:
            continue
        record = row.measured[0]
        if record.sampler is not None:
            for setting, value, rest in _numeric_settings(record.sampler):
                key = json.dumps(["sampler", row.autoencoder, record.sampler.name, setting, rest])
                name = short[row.autoencoder]
                curve = _Curve(record.sampler.name, setting, name)
                curves.setdefault(key, curve).rows[value] = row
        sampler = record.sampler.key if record.sampler else row.kind
        for setting, value, rest in _numeric_settings(record.autoencoder):
            name = row.name if has_samplers(ranking) else record.autoencoder.name
            part = record.autoencoder
            key = json.dumps(["autoencoder", part.checkpoint, sampler, part.name, setting, rest])
            curves.setdefault(key, _Curve(part.name, setting, name)).rows[value] = row
    return _name_apart([curve for curve in curves.values() if len(curve.rows) >= _FEWEST])


def _numeric_settings(part: PartRecord) -> Iterator[tuple[str, float, str]]:
    """Each setting that is a number, its value, and all other settings as one text."""
    for name, value in part.settings.items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            rest = {other: part.settings[other] for other in part.settings if other != name}
            yield name, float(value), json.dumps(rest, sort_keys=True)


def _name_apart(curves: Sequence[_Curve]) -> list[_Curve]:
    """Curves of one setting that would have one name get the settings that they share in it."""
    for curve in curves:
        namesakes = [
            other
            for other in curves
            if (other.part, other.setting, other.name) == (curve.part, curve.setting, curve.name)
        ]
        if len(namesakes) > 1:
            for number, namesake in enumerate(namesakes, start=1):
                first = next(iter(namesake.rows.values()))
                namesake.name = f"{namesake.name}, as {first.name or number}"
    return list(curves)


def _panels(ranking: Ranking, curves: Sequence[_Curve], places: Sequence[int]) -> Iterator[Panel]:
    """A column of panels for each setting, a line for each score that some curve has."""
    settings = dict.fromkeys((curve.part, curve.setting) for curve in curves)
    shown = [p for p in places if any(_has_curve(curve, p) for curve in curves)]
    styles = {name: at for at, name in enumerate(dict.fromkeys(curve.name for curve in curves))}
    for line, place in enumerate(shown):
        means = [
            summary.mean
            for curve in curves
            for row in curve.rows.values()
            if (summary := row.entries[place].summary)
        ]
        y = axis_of(ranking.columns[place], means)
        for column, (part, setting) in enumerate(settings):
            mine = [c for c in curves if (c.part, c.setting) == (part, setting)]
            series = tuple(_series(c, place, styles) for c in mine if _has_curve(c, place))
            if series:
                title = f"{part}: {setting}" if line == 0 else ""
                yield Panel((line, column), title, _axis(part, setting, mine), y, series)


def _has_curve(curve: _Curve, place: int) -> bool:
    return sum(bool(row.entries[place].values) for row in curve.rows.values()) >= _FEWEST


def _axis(part: str, setting: str, curves: Sequence[_Curve]) -> Axis:
    """The axis of a setting, with ticks at its values."""
    values = sorted({value for curve in curves for value in curve.rows})
    return Axis(f"{setting} of {part}", scale_of(values), ticks=tuple(values))


def _series(curve: _Curve, place: int, styles: Mapping[str, int]) -> Series:
    points = []
    for value, row in sorted(curve.rows.items()):
        estimate = Estimate.of(row.entries[place])
        if estimate is not None:
            points.append(Point(row.name, Estimate(value), estimate, bool(row.alarms)))
    return Series(curve.name, "sampler", styles[curve.name], tuple(points), joined=True)


def _describe(ranking: Ranking, places: Sequence[int], panels: Sequence[Panel]) -> str:
    """Say what is seen: settings, scores, curves, and where each is best in the first score."""
    settings = ", ".join(dict.fromkeys(panel.x.label for panel in panels))
    labels = dict.fromkeys(panel.y for panel in panels)
    columns = {axis.label: axis for axis in labels}
    scores = ", ".join(
        describe_axis(ranking.columns[place], axis)
        for place in places
        for label, axis in columns.items()
        if label.startswith(ranking.columns[place].title)
    )
    curves = sum(len(panel.series) for panel in panels)
    names = ", ".join(dict.fromkeys(each.name for panel in panels for each in panel.series))
    return (
        f"Line plots in {count(len(panels), 'panel')}: {scores} upwards, against {settings} to "
        f"the right. {count(curves, 'curve')}, by {names}."
    )
