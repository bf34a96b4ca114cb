"""A picture of samples: real, reconstructed and generated images in three strips."""

import io
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from samplebench.contracts.dataset import Images

_COLUMNS, _ROWS, _GAP, _LABEL = 16, 2, 2, 14


def picture_of(strips: Mapping[str, Images]) -> bytes:
    """A PNG with one labelled strip of 2 x 16 images for each entry; small images are enlarged.

    It is grey where the images are, and half as large for that.
    """
    tiles = {name: _tiles(images) for name, images in strips.items()}
    height, width = next(iter(tiles.values()))[0].shape[:2]
    scale = max(1, 48 // height)
    strip_height = _LABEL + _ROWS * (height * scale + _GAP)
    size = (_COLUMNS * (width * scale + _GAP) + _GAP, len(strips) * strip_height + _GAP)
    page = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(page)
    for band, (name, images) in enumerate(tiles.items()):
        top = band * strip_height
        draw.text((_GAP, top + 1), name, fill="black")
        for number, image in enumerate(images):
            row, column = divmod(number, _COLUMNS)
            tile = Image.fromarray(image).resize(
                (width * scale, height * scale), Image.Resampling.NEAREST
            )
            left = _GAP + column * (width * scale + _GAP)
            page.paste(tile, (left, top + _LABEL + row * (height * scale + _GAP)))
    grey = all(images.shape[1] == 1 for images in strips.values())
    file = io.BytesIO()
    page.convert("L" if grey else "RGB").save(file, "PNG", optimize=True)
    return file.getvalue()


def _tiles(images: Images) -> list[NDArray[np.uint8]]:
    shown = images[: _COLUMNS * _ROWS].mul(255).round().byte().cpu()
    colour = shown.expand(-1, 3, -1, -1) if shown.shape[1] == 1 else shown[:, :3]
    return [image.permute(1, 2, 0).contiguous().numpy() for image in colour]
