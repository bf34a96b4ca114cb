"""Means and stds of floats, rounded once: as ``statistics`` gives them, in a tenth of the time.

A float is an integer over a power of two. Over the largest of these powers the sums are sums of
integers, so that no float is too large for them, and none loses what is small next to it.
"""

import math
import sys
from collections.abc import Sequence
from typing import Final

_WIDTH: Final = 2 * sys.float_info.mant_dig + 3
"""Bits of a ratio whose root has more bits than a float, and one by which to round them."""


def find_mean(values: Sequence[float]) -> float:
    """The mean of at least one value."""
    if len(values) == 1:
        return float(values[0])
    integers, scale = _to_integers(values)
    return sum(integers) / (scale * len(integers))


def find_mean_and_std(values: Sequence[float]) -> tuple[float, float]:
    """The mean and the std of at least two values; the largest float where the std is above it.

    ``s² = (n Σ x² − (Σ x)²) / (n (n − 1))``.
    """
    integers, scale = _to_integers(values)
    count, total = len(integers), sum(integers)
    squares = count * sum(each * each for each in integers) - total * total
    try:
        std = _find_root(squares, count * (count - 1) * scale * scale)
    except OverflowError:
        std = sys.float_info.max
    return total / (scale * count), std


def _to_integers(values: Sequence[float]) -> tuple[list[int], int]:
    """The values as integers over one power of two."""
    ratios = [value.as_integer_ratio() for value in values]
    scale = max(below for _, below in ratios)
    return [above * (scale // below) for above, below in ratios], scale


def _find_root(above: int, below: int) -> float:
    """The square root of a ratio, rounded once."""
    if above == 0:
        return 0.0
    shift = (above.bit_length() - below.bit_length() - _WIDTH) // 2
    if shift >= 0:
        return float(_root_to_odd(above, below << 2 * shift) << shift)
    return _root_to_odd(above << -2 * shift, below) / (1 << -shift)


def _root_to_odd(above: int, below: int) -> int:
    """The integer below the root of a ratio, made odd where it is not the root itself: rounding
    it again, to a float, then gives what rounding the root gives.
    """
    root = math.isqrt(above // below)
    return root | (root * root * below != above)
