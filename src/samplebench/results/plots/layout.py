"""The places of panels, legend and texts on the page, in inches from its top left corner."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from samplebench.results.plots.chart import Chart, Panel
from samplebench.results.plots.lettering import measure, wrap
from samplebench.results.plots.style import FONT_SIZE, SMALL, TITLE_SIZE

EDGE: Final = 0.12
LINE: Final = 0.15
"""The height of a line of small text."""
ROW: Final = 0.165
"""The height of a row of an axis of rows."""
_PLAIN, _WIDE = (2.45, 2.1), 3.2
_ROWS_WIDTH: Final = 1.85
_CURVES_HEIGHT: Final = 1.5
_SQUARE, _SMALL_SQUARE = 4.5, 2.7
_TICKS, _X_LABEL, _Y_LABEL, _TITLE, _GAP = 0.22, 0.2, 0.62, 0.24, 0.2
_HANDLE: Final = 0.4
"""The width of a marker in the legend, with the space around it."""


@dataclass(frozen=True)
class Box:
    """A rectangle: its left and top edges, and its sizes."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class Layout:
    """The places of everything: of each name in ``legend``, and wrapped texts in ``lines``."""

    width: float
    height: float
    title: tuple[str, ...]
    panels: tuple[Box, ...]
    legend: tuple[tuple[float, float], ...]
    caption: tuple[str, ...]
    caption_top: float


def find_layout(chart: Chart, legend: Sequence[str]) -> Layout:
    """Give every panel, and every name of the legend, its place."""
    columns = 1 + max(panel.place[1] for panel in chart.panels)
    lines = 1 + max(panel.place[0] for panel in chart.panels)
    lefts, widths, right = _columns(chart.panels, columns)
    width = max(right + EDGE, 5.2)
    title = wrap(chart.title, TITLE_SIZE, width - 2 * EDGE)
    top = EDGE + len(title) * 0.2 + 0.05
    boxes: dict[tuple[int, int], Box] = {}
    for line in range(lines):
        mine = [panel for panel in chart.panels if panel.place[0] == line]
        top += _TITLE if any(panel.title for panel in mine) else _GAP / 2
        for panel in mine:
            column = panel.place[1]
            boxes[panel.place] = Box(lefts[column], top, widths[column], _height(panel, columns))
        top += max(_height(panel, columns) for panel in mine) + _TICKS
        top += _X_LABEL if any(shows_x(panel, chart) for panel in mine) else 0
    places, top = _legend(legend, top + 0.08, width)
    caption = wrap(chart.caption, SMALL, width - 2 * EDGE)
    return Layout(
        width=width,
        height=top + 0.06 + len(caption) * LINE + EDGE,
        title=tuple(title),
        panels=tuple(boxes[panel.place] for panel in chart.panels),
        legend=places,
        caption=tuple(caption),
        caption_top=top + 0.06,
    )


def shows_y(panel: Panel, chart: Chart) -> bool:
    """Say if a panel has the numbers of its y axis: unless one to the left has them already."""
    return not _is_repeated(panel, chart.panels)


def shows_x(panel: Panel, chart: Chart) -> bool:
    """Say if a panel names its x axis: unless it is a curve above another on the same axis."""
    line, column = panel.place
    curves = any(series.joined for series in panel.series)
    return not curves or not any(
        other.place[1] == column and other.place[0] > line and other.x == panel.x
        for other in chart.panels
    )


def _columns(panels: Sequence[Panel], columns: int) -> tuple[list[float], list[float], float]:
    """The left edge and the width of each column of panels, and the right edge of the last."""
    lefts, widths = [], []
    left = EDGE
    for column in range(columns):
        mine = [panel for panel in panels if panel.place[1] == column]
        names = [name for panel in mine for name in panel.y.names]
        if names:
            left += 0.1 + max(measure(name, SMALL) for name in names) if column == 0 else _GAP
        else:
            left += _GAP if all(_is_repeated(panel, panels) for panel in mine) else _Y_LABEL
        lefts.append(left)
        widths.append(_width(mine, columns))
        left += widths[-1]
    return lefts, widths, left + 0.1


def _width(panels: Sequence[Panel], columns: int) -> float:
    if any(panel.y.names for panel in panels):
        return _ROWS_WIDTH
    if any(panel.equal for panel in panels):
        return _SQUARE if columns == 1 else _SMALL_SQUARE
    return _PLAIN[0] if columns > 2 else _WIDE


def _height(panel: Panel, columns: int) -> float:
    if panel.y.names:
        return ROW * len(panel.y.names) + 0.06
    if any(series.joined for series in panel.series):
        return _CURVES_HEIGHT
    return _width([panel], columns) if panel.equal else _PLAIN[1]


def _is_repeated(panel: Panel, panels: Sequence[Panel]) -> bool:
    """Say if a panel to the left in the same line has the same y axis."""
    line, column = panel.place
    return any(p.place[0] == line and p.place[1] < column and p.y == panel.y for p in panels)


def _legend(
    names: Sequence[str], top: float, width: float
) -> tuple[tuple[tuple[float, float], ...], float]:
    """The place of each name in columns of equal width, and where the legend ends."""
    if not names:
        return (), top
    widest = max(measure(name, FONT_SIZE) for name in names) + _HANDLE + 0.1
    columns = max(1, min(len(names), int((width - 2 * EDGE) / widest)))
    lines = -(-len(names) // columns)
    places = tuple(
        (EDGE + (number // lines) * widest, top + (number % lines + 0.5) * LINE)
        for number in range(len(names))
    )
    return places, top + lines * LINE + 0.02
