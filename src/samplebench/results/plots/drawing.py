"""Figures from charts. matplotlib is imported here alone, and only when something is drawn.

Figures are objects of their own: no pyplot, and nothing global is changed.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from samplebench.results.plots import style
from samplebench.results.plots.chart import Axis, Chart, Estimate, Line, Panel, Series
from samplebench.results.plots.layout import LINE, Layout, find_layout, shows_x, shows_y
from samplebench.results.plots.scales import drop_crowded, find_limits, find_ticks, format_tick

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Limits = tuple[float, float]
_STEP, _APART = 5.0, 6.5
"""Points that would hide each other are so far apart across and along, in 1/72 inch."""


def draw(chart: Chart) -> "Figure":
    """Draw a chart. What is drawn depends on nothing but the chart and matplotlib's version."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(style.SETTINGS)
        legend = _legend_of(chart)
        legend = legend if len(legend) > 1 else {}
        layout = find_layout(chart, list(legend))
        figure = Figure(figsize=(layout.width, layout.height), dpi=100, facecolor="white")
        for panel, box in zip(chart.panels, layout.panels, strict=True):
            axes = figure.add_axes(
                (
                    box.left / layout.width,
                    1 - (box.top + box.height) / layout.height,
                    box.width / layout.width,
                    box.height / layout.height,
                )
            )
            _draw_panel(axes, panel, chart, box.width, box.height)
        _draw_texts(figure, layout)
        _draw_legend(figure, layout, legend)
    return figure


def _draw_panel(axes: "Axes", panel: Panel, chart: Chart, width: float, height: float) -> None:
    """Axes first: bars that leave them are cut at their limits."""
    x, y = _limits(panel, chart, "x"), _limits(panel, chart, "y")
    if panel.equal:  # the panel is a square
        span = max(x[1] - x[0], y[1] - y[0])
        x, y = (((low + high - span) / 2, (low + high + span) / 2) for low, high in (x, y))
    _set_scale(axes, "x", panel.x, x, room=width / 0.36)
    if panel.y.names:
        _set_rows(axes, panel, named=shows_y(panel, chart))
    else:
        _set_scale(axes, "y", panel.y, y, room=height / 0.25)
        axes.yaxis.set_tick_params(labelleft=shows_y(panel, chart))
        axes.grid(True, color=style.LIGHT, linewidth=0.5)
        axes.set_ylabel(panel.y.label if shows_y(panel, chart) else "")
    axes.set_axisbelow(True)
    axes.set_xlabel(panel.x.label if shows_x(panel, chart) else "", labelpad=2)
    axes.set_title(panel.title, loc="left", fontsize=style.FONT_SIZE, fontweight="bold", pad=4)
    axes.spines[["top", "right"]].set_visible(False)
    for line in panel.lines:
        _draw_line(axes, line, x if line.axis == "x" else y)
    if not panel.points:
        middle: Any = {"transform": axes.transAxes, "ha": "center", "va": "center"}
        axes.text(0.5, 0.5, "no scores", color=style.GREY, size=style.SMALL, **middle)
    for series, shift in zip(panel.series, _find_shifts(axes, panel), strict=True):
        _draw_series(axes, series, x, y, shift)


def _limits(panel: Panel, chart: Chart, side: str) -> Limits:
    """The limits of an axis: those of all panels that have the same one."""
    axis: Axis = getattr(panel, side)
    alike = [other for other in chart.panels if getattr(other, side) == axis]
    estimates: list[Estimate] = [getattr(p, side) for other in alike for p in other.points]
    lines = [line.value for other in alike for line in other.lines if line.axis == side]
    return find_limits(axis, estimates, lines)


def _set_scale(axes: "Axes", side: str, axis: Axis, limits: Limits, *, room: float) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

    scale: dict[str, Any] = {"value": axis.scale}
    if axis.scale == "symlog":
        scale |= {"linthresh": axis.threshold, "linscale": axis.stretch * 0.9}
    if axis.scale == "log":
        scale |= {"nonpositive": "clip"}
    (axes.set_xscale if side == "x" else axes.set_yscale)(**scale)
    (axes.set_xlim if side == "x" else axes.set_ylim)(*limits)
    lines = axes.xaxis if side == "x" else axes.yaxis
    ticks = find_ticks(axis, *limits, most=max(2, int(room)))
    if axis.ticks:
        ticks = drop_crowded(axis.ticks, axis, *limits, most=room)
    linear = MaxNLocator(nbins=max(2, int(room) - 1), steps=[1, 2, 5, 10])
    lines.set_major_locator(linear if ticks is None else FixedLocator(ticks))
    lines.set_minor_locator(NullLocator())
    lines.set_major_formatter(FuncFormatter(format_tick))


def _set_rows(axes: "Axes", panel: Panel, *, named: bool) -> None:
    """An axis of rows, from top to bottom, every second one on a light band."""
    names = panel.y.names
    axes.set_ylim(len(names) - 0.5 + 0.15, -0.5 - 0.15)
    axes.set_yticks([])
    for number, name in enumerate(names if named else ()):
        # A tick for each would make the file twice as large.
        place = axes.get_yaxis_transform()
        axes.text(-0.03, number, name, transform=place, va="center", ha="right", size=style.SMALL)
    axes.grid(True, axis="x", color=style.LIGHT, linewidth=0.5)
    bands: list[float] = []
    for number in range(0, len(names), 2):
        bands += [number - 0.5, number + 0.5, number + 0.5, number - 0.5]
    low, high = axes.get_xlim()
    corners = [at for _ in range(0, len(names), 2) for at in (low, low, high, high)]
    _fill(axes, corners, bands, "#f4f4f4")


def _draw_line(axes: "Axes", line: Line, limits: Limits) -> None:
    """A line across the panel; on the side where rows are marked, the ground is shaded."""
    look: dict[str, Any] = {**style.LINES[line.look], "label": line.name, "zorder": 1.5}
    if line.axis == "x":
        axes.axvline(line.value, **look)
    else:
        axes.axhline(line.value, **look)
    if line.beyond:
        end = limits[1] if line.beyond == "higher" else limits[0]
        span = axes.axvspan if line.axis == "x" else axes.axhspan
        span(line.value, end, color="#fbe3d6", linewidth=0, zorder=0.5)


def _find_shifts(axes: "Axes", panel: Panel) -> list[float]:
    """The shift to the right of each series of one point, in points of 1/72 inch.

    Points of exactly equal score, such as rows that copy nothing, would hide each other.
    """
    shifts: list[float] = []
    taken: list[tuple[float, float, float]] = []
    figure = cast("Figure", axes.get_figure(root=True))
    for series in panel.series:
        shift = 0.0
        if len(series.points) == 1 and not panel.y.names:
            x, y = series.points[0].x.mean, series.points[0].y.mean
            height = axes.transData.transform((x, y))[1] * 72 / figure.dpi
            while any(x == at and shift == by and abs(height - h) < _APART for at, by, h in taken):
                shift += _STEP
            taken.append((x, shift, height))
        shifts.append(shift)
    return shifts


def _draw_series(axes: "Axes", series: Series, x: Limits, y: Limits, shift: float) -> None:
    """The intervals, the curve if there is one, and the points."""
    from matplotlib.transforms import ScaledTranslation

    figure = cast("Figure", axes.get_figure(root=True))
    place = axes.transData + ScaledTranslation(shift / 72, 0, figure.dpi_scale_trans)
    colour = style.colour_of(series.look, series.style)
    bars = _bars(series, x, y)
    if bars:
        axes.plot(
            *zip(*bars, strict=True),
            color=colour,
            linewidth=0.9,
            alpha=0.65,
            zorder=2,
            gid="bars",
            transform=place,
        )
    if series.joined:
        points = series.points
        axes.plot(
            [p.x.mean for p in points],
            [p.y.mean for p in points],
            color=colour,
            linewidth=1.0,
            zorder=2.5,
        )
    for hollow in (False, True):
        points = tuple(p for p in series.points if p.hollow is hollow)
        if points:
            axes.plot(
                [p.x.mean for p in points],
                [p.y.mean for p in points],
                label=series.name,
                transform=place,
                **_marker(series, hollow=hollow),
            )


def _bars(series: Series, x: Limits, y: Limits) -> list[tuple[float, float]]:
    """The ends of all intervals as one line with gaps, which is a small path in a file."""
    bars: list[tuple[float, float]] = []
    gap = (math.nan, math.nan)
    for point in series.points:
        if point.x.low is not None:
            low, high = _cut(point.x, x)
            bars += [(low, point.y.mean), (high, point.y.mean), gap]
        if point.y.low is not None:
            low, high = _cut(point.y, y)
            bars += [(point.x.mean, low), (point.x.mean, high), gap]
    return bars


def _fill(axes: "Axes", x: Sequence[float], y: Sequence[float], colour: str) -> None:
    """Fill rectangles, given by four corners each, as one shape behind all else."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO] * (len(x) // 4)
    path = Path(list(zip(x, y, strict=True)), codes)
    axes.add_artist(PathPatch(path, facecolor=colour, linewidth=0, zorder=0))


def _cut(estimate: Estimate, limits: Limits) -> Limits:
    """An interval as far as it lies in the panel."""
    assert estimate.low is not None
    assert estimate.high is not None
    return max(estimate.low, limits[0]), min(estimate.high, limits[1])


def _marker(series: Series, *, hollow: bool) -> dict[str, Any]:
    colour = style.colour_of(series.look, series.style)
    marker = style.marker_of(series.look, series.style)
    cloud = series.look in ("latents", "draws")
    return {
        "linestyle": "none",
        "marker": marker,
        "markersize": (2.2 if series.look == "latents" else 3.2)
        if cloud
        else style.size_of(marker),
        "markerfacecolor": "none" if hollow else colour,
        "markeredgecolor": colour if hollow else "white",
        "markeredgewidth": 1.1 if hollow else (0.2 if cloud else 0.4),
        "alpha": 0.5 if series.look == "latents" else None,
        "rasterized": cloud,
        "zorder": 2.2 if series.look == "latents" else 3,
    }


def _legend_of(chart: Chart) -> dict[str, list[Series | Line]]:
    """The look of each name in the legend, the names of series first; a reference may be both
    points and a line.
    """
    entries: dict[str, list[Series | Line]] = {}
    for series in (series for panel in chart.panels for series in panel.series):
        known = entries.setdefault(series.name, [series])[0]
        # Filled, unless its points are hollow everywhere.
        if isinstance(known, Series) and all(point.hollow for point in known.points):
            entries[series.name] = [series]
    lines = {line.name: line for panel in chart.panels for line in panel.lines}
    for name, line in lines.items():
        entries.setdefault(name, []).append(line)
    return entries


def _draw_legend(figure: "Figure", layout: Layout, legend: dict[str, list[Series | Line]]) -> None:
    for (name, looks), (left, middle) in zip(legend.items(), layout.legend, strict=True):
        y = 1 - middle / layout.height
        ends = [(left + at) / layout.width for at in (0.04, 0.3)]
        for look in reversed(looks):
            _draw_handle(figure, look, ends, y)
        figure.text((left + 0.38) / layout.width, y, name, va="center_baseline")


def _draw_handle(figure: "Figure", look: Series | Line, ends: Sequence[float], y: float) -> None:
    """An example of a line or of a point, next to its name in the legend."""
    from matplotlib.lines import Line2D

    drawn: list[Line2D] = []
    if isinstance(look, Line):
        drawn.append(Line2D(ends, [y, y], **style.LINES[look.look]))
    else:
        if look.joined:
            colour = style.colour_of(look.look, look.style)
            drawn.append(Line2D(ends, [y, y], color=colour, linewidth=1.0))
        hollow = all(point.hollow for point in look.points)
        marker = _marker(look, hollow=hollow) | {"rasterized": False, "alpha": None}
        drawn.append(Line2D([sum(ends) / 2], [y], **marker))
    for artist in drawn:
        artist.set_transform(figure.transFigure)
        figure.add_artist(artist)


def _draw_texts(figure: "Figure", layout: Layout) -> None:
    """The title above the panels, and the caption at the bottom."""

    def place(lines: Sequence[str], top: float, step: float, **look: Any) -> None:
        for number, text in enumerate(lines):
            at = 1 - (top + (number + 0.75) * step) / layout.height
            figure.text(0.12 / layout.width, at, text, va="baseline", **look)

    place(layout.title, 0.1, 0.2, fontsize=style.TITLE_SIZE, fontweight="bold")
    place(layout.caption, layout.caption_top, LINE, fontsize=style.SMALL, color="#333333")
