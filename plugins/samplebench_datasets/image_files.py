"""Image files decoded to 8-bit arrays, on every core, into existing memory."""

import struct
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from samplebench import DataMissing

Pixels = NDArray[np.uint8]

_AT_ONCE = 1024
"""Files handed to the threads at a time, so that a million files make no million tasks."""

_UNREADABLE = (
    # the errors that Pillow raises for bytes that are no image, or a part of one
    *(OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error),
    Image.DecompressionBombError,
)


def decode_into(
    target: Pixels,
    files: Sequence[Path],
    frame: Callable[[Image.Image], Image.Image],
) -> None:
    """Fill each row of ``target`` (samples, channels, height, width) with its file's pixels.

    ``frame`` takes an image in grey or colour, as ``target`` has 1 or 3 channels, and crops it to
    height and width.

    Raises:
        DataMissing: a file is absent or not a complete image; the message names it.
    """

    def fill(row: int) -> None:
        target[row] = _pixels(files[row], target.shape[1], frame)

    with ThreadPoolExecutor() as threads:
        for start in range(0, len(files), _AT_ONCE):
            for _ in threads.map(fill, range(start, min(start + _AT_ONCE, len(files)))):
                pass


def _pixels(path: Path, channels: int, frame: Callable[[Image.Image], Image.Image]) -> Pixels:
    try:
        with Image.open(path) as image:
            if image.mode.startswith(("I", "F")):
                # Pillow would silently clip such values at 255.
                raise ValueError(f"its pixels are of Pillow's mode {image.mode}, not of 8 bits")
            framed = np.asarray(frame(image.convert("L" if channels == 1 else "RGB")))
    except _UNREADABLE as error:
        raise DataMissing(
            f"The image {path} cannot be used: {error}. Put a whole one in its place."
        ) from error
    return framed.reshape(*framed.shape[:2], channels).transpose(2, 0, 1)
