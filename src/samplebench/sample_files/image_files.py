"""Image files decoded to 8-bit arrays, on every core, into existing memory."""

import struct
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from samplebench.errors import DataMissing

Pixels = NDArray[np.uint8]

FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
"""Pillow would open any other too by its content, whatever the file's name, and run programs."""

_AT_ONCE = 1024
"""Files handed to the threads at a time, so that a million files make no million tasks."""

_UNREADABLE = (
    # the errors that Pillow raises for bytes that are no image, or a part of one
    *(OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error),
)


def decode_into(
    target: Pixels,
    files: Sequence[Path],
    frame: Callable[[Image.Image], Image.Image],
    background: str = "black",
) -> None:
    """Fill each row of ``target`` (samples, channels, height, width) with its file's pixels.

    Images are turned as their EXIF orientation says; 16-bit grey is scaled to 8 bits.
    Of 16 bits of colour, or of grey with transparency, Pillow gives the upper 8, v // 256.

    Args:
        frame: takes an image in grey or colour, as ``target`` has 1 or 3 channels, and brings it
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
            upright = ImageOps.exif_transpose(image)  # as photographs are meant to be seen
            opaque = _paint_on(background, _reduce_to_bytes(upright, image.format))
            framed = np.asarray(frame(opaque.convert("L" if channels == 1 else "RGB")))
    except Image.DecompressionBombError as error:
        raise DataMissing(
            f"The image {path} would unpack to more pixels than any photograph has, which is how "
            f"small files exhaust memory ({error}). Put a smaller one in its place."
        ) from error
    except _UNREADABLE as error:
        raise DataMissing(
            f"The image {path} cannot be used: {error}. Put a whole one in its place, in one of "
            f"the formats {', '.join(FORMATS)}."
        ) from error
    return framed.reshape(*framed.shape[:2], channels).transpose(2, 0, 1)


def _reduce_to_bytes(image: Image.Image, form: str | None) -> Image.Image:
    """Scale 16-bit grey to 8 bits, v / 257 rounded. Images of 8 bits stay as they are.

    Raises:
        ValueError: the values are of 32 bits, whose range nobody states, or some are transparent.
    """
    if not image.mode.startswith(("I", "F")):
        return image
    # Pillow has 16-bit .pgm files as 32-bit integers.
    if not (image.mode.startswith("I;16") or form in ("PPM", "PNG")):
        raise ValueError(f"its pixels are of Pillow's mode {image.mode}, not of 8 or 16 bits")
    if "transparency" in image.info:
        raise ValueError("it has 16 bits and transparent pixels")
    return Image.fromarray(np.rint(np.asarray(image) / 257).astype(np.uint8))


def _paint_on(background: str, image: Image.Image) -> Image.Image:
    """Show a background through transparent pixels, whose own colours nobody sees."""
    if not image.has_transparency_data:
        return image
    shown = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", shown.size, background), shown)
