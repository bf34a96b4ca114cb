"""Axes of scores: their labels, and the scale that suits the data on them."""

from collections.abc import Iterable, Sequence
from typing import Final

from samplebench.results.plots.chart import Axis, Scale
from samplebench.results.ranking import Column

_DECADES: Final = 10.0
"""Positive scores whose largest is above so many times the smallest are shown as logarithms."""


def axis_of(column: Column, values: Iterable[float]) -> Axis:
    """The axis of a score, as wide as the means on it ask for."""
    means = list(values)
    if column.alarm is not None and not column.alarm_is_relative and min(means, default=1) <= 0:
        # Shares of copies: most are 0, and those that matter lie around the alarm.
        return Axis(label_of(column), "symlog", threshold=column.alarm)
    return Axis(label_of(column), scale_of(means))


def scale_of(values: Sequence[float]) -> Scale:
    """A logarithmic scale where positive values span decades, else a linear one."""
    spans = bool(values) and min(values) > 0 and max(values) > _DECADES * min(values)
    return "log" if spans else "linear"


def label_of(column: Column) -> str:
    """The heading that the column has in the board: ``fit [s] ↓``."""
    unit = f" [{column.unit}]" if column.unit else ""
    return f"{column.title}{unit} {column.arrow}"


def describe_axis(column: Column, axis: Axis) -> str:
    """The axis in words: ``FD[classifier] (lower is better, logarithmic)``."""
    unit = f" in {column.unit}" if column.unit else ""
    scale = {"linear": "", "log": ", logarithmic", "symlog": ", logarithmic above the alarm"}
    return f"{column.title}{unit} ({column.better} is better{scale[axis.scale]})"
