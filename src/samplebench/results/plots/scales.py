"""Limits and ticks of axes, as numbers."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from samplebench.results.plots.chart import Axis, Estimate

_MARGIN: Final = 0.06
"""The share of an axis that is left free at each end."""
_REACH: Final = 1.0
"""Intervals widen an axis to each side by at most the range of means, and are cut beyond."""


def find_limits(
    axis: Axis, estimates: Iterable[Estimate], lines: Iterable[float]
) -> tuple[float, float]:
    """The ends of an axis. All means and lines lie on it, and intervals as far as there is room.

    All is measured in lengths on the axis, so that margins look alike on every scale.
    """
    estimates = list(estimates)
    bend, straighten = _bend(axis), _straighten(axis)
    means = [bend(v) for v in (*(e.mean for e in estimates), *lines) if _fits(v, axis)]
    low, high = min(means, default=0.0), max(means, default=1.0)
    size = (high - low) or abs(high) or 1.0
    ends = [
        bend(v) for e in estimates for v in (e.low, e.high) if v is not None and _fits(v, axis)
    ]
    if axis.scale == "symlog":
        ends = [end for end in ends if end >= 0]
    low = max(min([low, *ends]), low - _REACH * size)
    high = min(max([high, *ends]), high + _REACH * size)
    margin = _MARGIN * ((high - low) or size)
    return straighten(low - margin), straighten(high + margin)


def find_ticks(axis: Axis, low: float, high: float, *, most: int) -> list[float] | None:
    """The ticks of an axis; ``None`` where matplotlib finds good ones, on linear axes.

    Args:
        most: ticks that have room.
    """
    if axis.scale == "log":
        return _pick_logarithmic(low, high, most)
    if axis.scale == "symlog":
        decades = [10.0**power for power in range(math.floor(math.log10(axis.threshold)) + 1, 9)]
        ticks = [0.0, axis.threshold, *(d for d in decades if d > axis.threshold * 1.01)]
        return [tick for tick in ticks if low <= tick <= high]
    return None


def format_tick(value: float, _: object = None) -> str:
    """A number at a tick, without markup: ``0.01``, ``20``, ``10,000``, ``1e-05`` as ``1e-5``."""
    if value == 0:
        return "0"
    if not 1e-3 <= abs(value) < 1e6:
        mantissa, _, power = f"{value:.3e}".partition("e")
        return f"{float(mantissa):g}e{int(power)}"
    return f"{value:,.6f}".rstrip("0").rstrip(".")


def drop_crowded(
    ticks: Sequence[float], axis: Axis, low: float, high: float, most: float
) -> list[float]:
    """Leave out wanted ticks that are so near to a kept one that their numbers would touch."""
    bend = _bend(axis)
    room = (bend(high) - bend(low)) / most
    kept: list[float] = []
    for tick in sorted(ticks, reverse=True):
        if low <= tick <= high and (not kept or bend(kept[-1]) - bend(tick) >= room):
            kept.append(tick)
    return kept[::-1]


def _pick_logarithmic(low: float, high: float, most: int) -> list[float]:
    """The most ticks that have room of: 1, 2 and 5 in each decade; 1 and 3; each decade; each
    second, third, … decade.
    """
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    best: list[float] = []
    for digits in ((1,), (1, 3), (1, 2, 5)):
        ticks = [digit * 10.0**power for power in powers for digit in digits]
        ticks = [tick for tick in ticks if low <= tick <= high]
        if len(ticks) <= most and len(ticks) > len(best):
            best = ticks
    if best:
        return best
    decades = [10.0**power for power in powers if low <= 10.0**power <= high]
    return decades[:: -(-len(decades) // most)] or [math.sqrt(low * high)]


def _fits(value: float, axis: Axis) -> bool:
    return math.isfinite(value) and (axis.scale != "log" or value > 0)


def _bend(axis: Axis) -> Callable[[float], float]:
    """The map from scores to lengths on the axis."""
    if axis.scale == "log":
        return math.log10
    if axis.scale == "symlog":
        # As matplotlib has it: linear up to the threshold, which is as long as a decade.
        return lambda v: math.copysign(_bend_positive(abs(v) / axis.threshold), v)
    return lambda v: v


def _straighten(axis: Axis) -> Callable[[float], float]:
    """The map from lengths on the axis to scores."""
    if axis.scale == "log":
        return lambda v: 10.0**v
    if axis.scale == "symlog":
        return lambda v: math.copysign(_straighten_positive(abs(v)) * axis.threshold, v)
    return lambda v: v


def _bend_positive(ratio: float) -> float:
    return ratio if ratio <= 1 else 1 + math.log10(ratio)


def _straighten_positive(length: float) -> float:
    return length if length <= 1 else 10 ** (length - 1)
