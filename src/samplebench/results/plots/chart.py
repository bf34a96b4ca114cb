"""Charts as plain data: panels with points, intervals and reference lines, without any drawing.

Each kind of plot makes one of these from a ranking; ``drawing`` turns any of them into a figure.
"""

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from typing import Final, Literal

from samplebench.results.ranking import Entry

LAYOUT: Final = 1
"""Raised when a chart of the same data shall look different."""

Scale = Literal["linear", "log", "symlog"]
Look = Literal["sampler", "control", "reconstruction", "floor", "latents", "draws"]
"""The part that points or a line play, which decides how they are drawn."""


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds and its 95 % interval; ``low`` and ``high`` are absent for one value."""

    mean: float
    low: float | None = None
    high: float | None = None

    @staticmethod
    def of(entry: Entry) -> "Estimate | None":
        """The estimate that a board shows for these values; ``None`` where it shows none."""
        if entry.summary is None:
            return None
        low, high = entry.summary.interval() or (None, None)
        return Estimate(entry.summary.mean, low, high)


@dataclass(frozen=True)
class Axis:
    """One axis of a panel.

    Attributes:
        threshold: of a ``symlog`` axis: below it, the axis is linear.
        ticks: where ticks are wanted; empty for those that suit the scale.
        names: the rows of an axis of rows, from top to bottom, at 0, 1, …; empty on others.
    """

    label: str
    scale: Scale = "linear"
    threshold: float = 0.0
    ticks: tuple[float, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Point:
    """One row of a board in a panel; ``hollow`` points are empty inside."""

    name: str
    x: Estimate
    y: Estimate
    hollow: bool = False


@dataclass(frozen=True)
class Series:
    """Points that look alike and share one entry of the legend.

    Attributes:
        style: the place in the cycle of colours and markers.
        joined: True of points on a curve, from left to right.
    """

    name: str
    look: Look
    style: int
    points: tuple[Point, ...]
    joined: bool = False


@dataclass(frozen=True)
class Line:
    """A reference across a panel: a score that does not depend on the other axis.

    ``axis`` is the one on which ``value`` stands. Beyond an alarm, ``beyond`` is the side on which
    rows are marked.
    """

    name: str
    look: Literal["floor", "reconstruction", "alarm"]
    axis: Literal["x", "y"]
    value: float
    beyond: Literal["higher", "lower", ""] = ""


@dataclass(frozen=True)
class Panel:
    """One pair of axes at a place in the grid: row and column, counted from the top left."""

    place: tuple[int, int]
    title: str
    x: Axis
    y: Axis
    series: tuple[Series, ...]
    lines: tuple[Line, ...] = ()
    equal: bool = False
    """True where a unit is as long on one axis as on the other."""

    @property
    def points(self) -> list[Point]:
        """The points of all series."""
        return [point for each in self.series for point in each.points]


@dataclass(frozen=True)
class Chart:
    """One plot: what it shows, and how that is said.

    Attributes:
        kind: the kind of plot, as ``samplebench plot`` takes it.
        caption: how to read it, shown below the panels.
        description: what is seen, in words, for who cannot see it.
    """

    kind: str
    title: str
    caption: str
    description: str
    panels: tuple[Panel, ...]

    @property
    def digest(self) -> str:
        """The digest of all that is shown, and of the layout."""
        content = json.dumps([LAYOUT, dataclasses.asdict(self)], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:16]
