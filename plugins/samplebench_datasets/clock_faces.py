"""Pictures of analogue clocks, drawn from their factors by the distance to each shape."""

import math
from dataclasses import dataclass, fields

import torch
from jaxtyping import Bool, Float64, UInt8
from torch import Tensor

HALF_DAY = 720
"""Minutes until both hands are where they were."""

_CHUNK = 64  # pictures drawn at a time: their planes fit into a cache
_RADIUS = 0.92
"""Of the dial. Lengths are in halves of the picture's side."""

_SIN, _COS = math.sin(math.pi / 6), math.cos(math.pi / 6)
"""Of the angle between two of twelve marks."""

Plane = Float64[Tensor, "clocks height width"]


@dataclass(frozen=True, eq=False)
class Clocks:
    """The factors of clocks, one number each.

    Attributes:
        minutes: the time since twelve, in [0, 720): both hands follow it continuously.
        hands: half the width of the minute hand, as a share of half the picture's side.
        tilt: the angle by which the whole clock is turned clockwise, in radians.
        dark: true of light hands on a dark dial.
        twelve: true of a dial with twelve marks, false of one with four.
    """

    minutes: Float64[Tensor, " clocks"]
    hands: Float64[Tensor, " clocks"]
    tilt: Float64[Tensor, " clocks"]
    dark: Bool[Tensor, " clocks"]
    twelve: Bool[Tensor, " clocks"]

    def __len__(self) -> int:
        return len(self.minutes)

    def __getitem__(self, rows: slice) -> "Clocks":
        return Clocks(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


def draw_clocks(count: int) -> Clocks:
    """Draw clocks whose times are uniform over half a day, and whose styles vary."""
    minutes, hands, tilt = torch.rand(3, count, dtype=torch.float64)
    dark, twelve = torch.rand(2, count) < 0.5
    return Clocks(
        HALF_DAY * minutes, 0.03 + 0.03 * hands, (2 * tilt - 1) * math.pi / 18, dark, twelve
    )


def paint(clocks: Clocks, size: int) -> UInt8[Tensor, "clocks 1 {size} {size}"]:
    """Paint clocks: a pixel is as dark as the share of it that a shape covers, to first order."""
    starts = range(0, len(clocks), _CHUNK)
    pictures = [_paint_some(clocks[start : start + _CHUNK], size) for start in starts]
    return (255 * torch.cat(pictures)).round().to(torch.uint8)[:, None]


def _paint_some(clocks: Clocks, size: int) -> Plane:
    middles = (torch.arange(size, dtype=torch.float64) + 0.5) * 2 / size - 1
    down, right = torch.meshgrid(middles, middles, indexing="ij")  # (size, size)
    dial = _Dial(right, -down, clocks.tilt, size)
    hour, minute = (2 * math.pi * clocks.minutes / period for period in (HALF_DAY, 60))
    ink = torch.stack(
        [
            dial.ring(_RADIUS, width=0.03),
            dial.marks(clocks.twelve),
            dial.mark_of_twelve(),
            dial.hand(minute, length=0.72, width=clocks.hands),
            dial.hand(hour, length=0.42, width=1.6 * clocks.hands),
        ]
    ).amax(0)  # (clocks, size, size)
    face = dial.disc(_RADIUS)
    light = face * (1 - ink) + (1 - face) * 0.5 * (1 - ink)
    dark = face * ink + (1 - face) * (0.5 + 0.5 * ink)
    return torch.where(clocks.dark[:, None, None], dark, light)


class _Dial:
    """A grid of pixels in the frame of each clock, and the shares of them that shapes cover."""

    def __init__(
        self,
        right: Float64[Tensor, "height width"],
        up: Float64[Tensor, "height width"],
        tilt: Float64[Tensor, " clocks"],
        size: int,
    ) -> None:
        self._right, self._up = _turn(right, up, tilt)
        self._radius = _length(self._right, self._up)
        self._size = size

    def disc(self, radius: float) -> Plane:
        return self._cover(self._radius - radius)

    def ring(self, radius: float, *, width: float) -> Plane:
        return self._cover((self._radius - radius).abs() - width)

    def marks(self, twelve: Bool[Tensor, " clocks"]) -> Plane:
        """Four or twelve evenly spaced marks: each pixel is mirrored to the first."""
        right, up = self._right.abs(), self._up.abs()
        right, up = torch.minimum(right, up), torch.maximum(right, up)  # within 45° of a mark of 4
        near_right, near_up = (right * _COS - up * _SIN).abs(), right * _SIN + up * _COS
        nearer = twelve[:, None, None] & (near_up > up)  # to the mark 30° further on
        right, up = torch.where(nearer, near_right, right), torch.where(nearer, near_up, up)
        return self._cover(_capsule(right, up, 0.74, 0.86) - 0.025)

    def mark_of_twelve(self) -> Plane:
        """The mark that shows how the clock is turned."""
        return self._cover(_capsule(self._right, self._up, 0.6, 0.84) - 0.045)

    def hand(
        self,
        angle: Float64[Tensor, " clocks"],
        *,
        length: float,
        width: Float64[Tensor, " clocks"],
    ) -> Plane:
        right, up = _turn(self._right, self._up, angle)
        return self._cover(_capsule(right, up, 0.0, length) - width[:, None, None])

    def _cover(self, distance: Plane) -> Plane:
        """The covered share of pixels that are so far outside of a shape, inside if negative."""
        return (0.5 - distance * self._size / 2).clamp(0, 1)


def _turn(right: Tensor, up: Tensor, angle: Float64[Tensor, " clocks"]) -> tuple[Plane, Plane]:
    """Write points in the frame of what is turned clockwise by an angle."""
    cos, sin = angle.cos()[:, None, None], angle.sin()[:, None, None]
    return right * cos - up * sin, right * sin + up * cos


def _capsule(right: Plane, up: Plane, start: float, end: float) -> Plane:
    """The distance to the segment upwards from ``start`` to ``end``."""
    return _length(right, up - up.clamp(start, end))


def _length(right: Plane, up: Plane) -> Plane:
    return (right.square() + up.square()).sqrt()
