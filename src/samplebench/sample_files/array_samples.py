"""Arrays as samples: which are images, which stay arrays, and what is refused."""

import sys
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from samplebench.contracts.dataset import Shape
from samplebench.errors import DataMissing
from samplebench.sample_files.array_files import Header, Numbers

Channels = Literal["first", "last"]

_COLOURS = (1, 3, 4)
"""The numbers of channels by which the axis of channels is recognised: grey, colour, and alpha."""


def find_shape(header: Header, channels: Channels, name: str) -> Shape:
    """Find the shape of one sample: (channels, height, width) for images, any other for arrays.

    Args:
        name: of the file, for messages.

    Raises:
        DataMissing: such an array holds neither images nor arrays.
    """
    axes, kind = header.axes[1:], header.type
    if not axes:
        raise DataMissing(
            f"{name} has a single axis of {header.axes[0]} numbers, and samples need one or more "
            "axes of their own: save it with the shape (samples, 1) if each number is a sample."
        )
    if len(axes) == 2 and kind == np.uint8:
        axes = (1, *axes)
    elif len(axes) == 3:
        if kind != np.uint8 and kind.kind != "f":
            raise DataMissing(
                f"{name} has four axes {header.axes} as images have, and the type {kind}: save "
                "images as uint8, or as floats in [0, 1]."
            )
        return _channels_first(axes, channels, name)
    if channels == "last":
        raise DataMissing(
            f"channels='last' is for images with four axes, and {name} has {header.axes} of "
            f"{kind}: leave it away."
        )
    return axes


def _channels_first(axes: Shape, channels: Channels, name: str) -> Shape:
    """Put the axis of channels first.

    Raises:
        DataMissing: it is evidently where ``channels`` does not say.
    """
    first, last = axes[0], axes[2]
    if channels == "last":
        if last not in _COLOURS:
            raise DataMissing(
                f"{name} has samples {axes}, whose last axis cannot be channels (1, 3 or 4): "
                "leave channels='last' away."
            )
        return last, first, axes[1]
    if first not in _COLOURS and last in _COLOURS:
        raise DataMissing(
            f"{name} has samples {axes}, whose last axis seems to be channels: add "
            "channels='last', or save it as (samples, channels, height, width)."
        )
    return axes


def convert(numbers: Numbers, shape: Shape, channels: Channels, name: str) -> Tensor:
    """Convert numbers to samples of a shape: uint8 for images, else float32.

    Args:
        numbers: (samples, …), for which ``find_shape`` gave ``shape``.

    Raises:
        DataMissing: a number is NaN or infinite or too large for float32, or is none of an image.
    """
    if channels == "last":
        numbers = numbers.transpose(0, 3, 1, 2)  # (samples, channels, height, width)
    if len(shape) == 3:
        pixels = numbers if numbers.dtype == np.uint8 else _to_bytes(numbers, name)
        return torch.from_numpy(np.ascontiguousarray(pixels)).reshape(-1, *shape)
    with np.errstate(over="ignore"):  # what overflows is reported below
        floats = np.ascontiguousarray(numbers, dtype=np.float32)
    _require_finite(numbers, floats, name)
    return torch.from_numpy(floats)


def _to_bytes(numbers: Numbers, name: str) -> Numbers:
    _require_finite(numbers, numbers, name)
    low, high = float(numbers.min()), float(numbers.max())
    if low < 0 or high > 1:
        raise DataMissing(
            f"{name} has four axes {numbers.shape} as images have, and values in "
            f"[{low:.4g}, {high:.4g}]: scale images to [0, 1], or save them as uint8; save other "
            "arrays with one axis less, such as (samples, height · width, channels)."
        )
    pixels: Numbers = np.rint(numbers * np.float64(255)).astype(np.uint8)
    return pixels


def _require_finite(given: Numbers, floats: Numbers, name: str) -> None:
    """Refuse samples that are not finite as ``floats``, and say which is the first.

    Raises:
        DataMissing: a number is NaN or infinite.
    """
    finite = np.isfinite(floats).reshape(len(floats), -1).all(1)
    if finite.all():
        return
    row = int(finite.argmin())
    if np.isfinite(given[row]).all():
        most = np.finfo(np.float32).max
        raise DataMissing(
            f"{name} has a number beyond ±{most:.3g} in sample {row} (from 0), which 32 bits "
            "cannot hold: scale it."
        )
    raise DataMissing(
        f"{name} has NaN or infinity in {int((~finite).sum()):,} of {len(floats):,} samples, "
        f"sample {row} (from 0) first: remove or fill them."
    )


def convert_labels(numbers: Numbers, count: int, name: str) -> Tensor:
    """Convert labels to int64 (samples,).

    Args:
        numbers: (samples,) or (samples, 1).
        count: the number of samples.

    Raises:
        DataMissing: they are not that many, or not integers from 0.
    """
    if numbers.shape not in ((count,), (count, 1)):
        raise DataMissing(
            f"{name} has labels {numbers.shape} for {count:,} samples: give one for each, "
            f"({count},)."
        )
    labels = numbers.reshape(-1)
    wrong = ~((labels >= 0) & (labels <= sys.maxsize) & (labels == np.floor(labels)))
    if wrong.any():
        raise DataMissing(
            f"{name} has the label {labels[wrong][0]}: labels are integers from 0, one a class."
        )
    return torch.from_numpy(labels.astype(np.int64))
