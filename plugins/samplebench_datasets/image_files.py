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

FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
"""Pillow would open any other too by its content, whatever the file's name, and run programs."""

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
    background: str = "black",
) -> None:
    """Fill each row of ``target`` (samples, channels, height, width) with its file's pixels.

    Args:
        frame: takes an image in grey or colour, as ``target`` has 1 or 3 channels, and crops it
            to height and width.
        background: the colour behind transparent pixels.

    Raises:
        DataMissing: a file is absent or not a complete image; the message names it.
    """

    def fill(row: int) -> None:
        target[row] = _pixels(files[row], target.shape[1], frame, background)

    with ThreadPoolExecutor() as threads:
        for start in range(0, len(files), _AT_ONCE):
            for _ in threads.map(fill, range(start, min(start + _AT_ONCE, len(files)))):
                pass


def _pixels(
    path: Path, channels: int, frame: Callable[[Image.Image], Image.Image], background: str
) -> Pixels:
    try:
        with Image.open(path, formats=FORMATS) as image:
            if image.mode.startswith(("I", "F")):
                # Pillow would silently clip such values at 255.
                raise ValueError(f"its pixels are of Pillow's mode {image.mode}, not of 8 bits")
            opaque = _paint_on(background, image)
            framed = np.asarray(frame(opaque.convert("L" if channels == 1 else "RGB")))
    except _UNREADABLE as error:
        raise DataMissing(
            f"The image {path} cannot be used: {error}. Put a whole one in its place, in one of "
            f"the formats {', '.join(FORMATS)}."
        ) from error
    return framed.reshape(*framed.shape[:2], channels).transpose(2, 0, 1)


def _paint_on(background: str, image: Image.Image) -> Image.Image:
    """Show a background through transparent pixels, whose own colours nobody sees."""
    if not image.has_transparency_data:
        return image
    shown = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", shown.size, background), shown)
