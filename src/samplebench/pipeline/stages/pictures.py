"""The picture of a row: strips of images at their native size, without labels."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from samplebench.contracts.dataset import Images
from samplebench.results.montage import LINES_A_STRIP, TILES_A_LINE


def picture_of(*strips: Images) -> bytes:
    """Make a PNG of 2 x 16 images a strip, one strip below the other; white where one has fewer.

    It is grey where all images are. ``results.montage`` cuts the images out again.
    """
    height, width = strips[0].shape[2:]
    mode = "L" if all(images.shape[1] == 1 for images in strips) else "RGB"
    lines = LINES_A_STRIP * len(strips)
    page = Image.new(mode, (TILES_A_LINE * width, lines * height), "white")
    for place, images in enumerate(strips):
        for number, tile in enumerate(_tiles(images)):
            line, column = divmod(number, TILES_A_LINE)
            top = (place * LINES_A_STRIP + line) * height
            page.paste(Image.fromarray(tile).convert(mode), (column * width, top))
    file = io.BytesIO()
    page.save(file, "PNG", optimize=True)
    return file.getvalue()


def _tiles(images: Images) -> list[NDArray[np.uint8]]:
    shown = images[: TILES_A_LINE * LINES_A_STRIP].mul(255).round().byte().cpu()
    colour = shown.expand(-1, 3, -1, -1) if shown.shape[1] == 1 else shown[:, :3]
    return [image.permute(1, 2, 0).contiguous().numpy() for image in colour]
