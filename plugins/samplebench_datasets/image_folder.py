"""Images from a folder."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from PIL import Image, ImageOps

from samplebench import DataMissing, Dataset, Split, seeded
from samplebench_datasets.image_files import decode_into
from samplebench_datasets.overlap import remove_overlap

_SUFFIXES = {".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}

_EXPECTED = (
    "image-folder(path=...) takes a folder with train/ and test/ in it, or one folder of images "
    "that is split 5 to 1; a relative path is looked up under the data folder, then here."
)


@dataclass(frozen=True)
class _Found:
    """An image file, and the subfolder that names its class, if there is one."""

    file: Path
    class_name: str | None


class ImageFolder(Dataset):
    """Your own images: a folder with ``train`` and ``test``, or one folder that is split 5 to 1.

    Folders may nest; where every image lies in a subfolder, the first level names its class,
    otherwise there are no labels. An image is cropped to its centre square, resized to ``size`` ×
    ``size`` with Pillow's bilinear filter (which averages when it reduces, against aliasing),
    and converted to grey or colour by ``channels``. Order and split are random but always the
    same for the same names; hidden files are ignored. A training image that is also a test image
    is left out of train.

    Args:
        path: the folder; a relative path is looked up in the data folder first.
        size: height and width in pixels.
        channels: 1 for grey, 3 for colour.
    """

    def __init__(
        self, data_dir: Path, path: str = "", size: int = 64, channels: Literal[1, 3] = 3
    ) -> None:
        if size < 1:
            raise ValueError(f"size must be positive, not {size}")
        self.data_dir, self.path, self.size, self.channels = data_dir, path, size, channels
        self.image_shape = (channels, size, size)

    def train(self) -> Split:
        train, test = self._halves()
        classes = _classes([*train, *test])
        return remove_overlap(self._read(train, classes), self._read(test, classes))

    def test(self) -> Split:
        train, test = self._halves()
        return self._read(test, _classes([*train, *test]))

    def _halves(self) -> tuple[list[_Found], list[_Found]]:
        folder = self._folder()
        halves = [folder / "train", folder / "test"]
        there = [half for half in halves if half.is_dir()]
        if len(there) == 1:
            (absent,) = set(halves) - set(there)
            raise DataMissing(f"{there[0]} is there, but {absent} is not. {_EXPECTED}")
        if there:
            train, test = map(_shuffled_images, halves)
        else:
            found = _shuffled_images(folder)
            held_out = len(found) // 6
            train, test = found[held_out:], found[:held_out]
        if not train or not test:
            raise DataMissing(
                f"{folder} has {len(train)} images to train on and {len(test)} to test; each "
                f"takes at least one, and a folder to split at least 6. {_EXPECTED}"
            )
        return train, test

    def _folder(self) -> Path:
        if not self.path:
            raise DataMissing(f"image-folder was given no path. {_EXPECTED}")
        asked = Path(os.path.expanduser(self.path))  # as it is where there is no home
        places = dict.fromkeys([self.data_dir / asked, asked.absolute()])
        for place in places:
            if place.is_dir():
                return place
        raise DataMissing(f"There is no folder {' or '.join(map(str, places))}. {_EXPECTED}")

    def _read(self, found: Sequence[_Found], classes: dict[str, int] | None) -> Split:
        pixels = np.empty((len(found), *self.image_shape), dtype=np.uint8)
        frame = partial(ImageOps.fit, size=self.image_shape[1:], method=Image.Resampling.BILINEAR)
        decode_into(pixels, [image.file for image in found], frame)
        images = torch.from_numpy(pixels)
        if classes is None:
            return Split(images)
        return Split(images, torch.tensor([classes[str(image.class_name)] for image in found]))


def _shuffled_images(root: Path) -> list[_Found]:
    """Find every image file under ``root``, in a random order that depends on the names only."""
    found = []
    for file in root.rglob("*"):
        inside = file.relative_to(root)
        hidden = any(part.startswith(".") for part in inside.parts)
        if file.suffix.lower() in _SUFFIXES and not hidden and file.is_file():
            found.append(_Found(file, inside.parts[0] if len(inside.parts) > 1 else None))
    found.sort(key=lambda image: image.file.relative_to(root).as_posix())
    with seeded(0, "image-folder"):
        return [found[row] for row in torch.randperm(len(found)).tolist()]


def _classes(found: Sequence[_Found]) -> dict[str, int] | None:
    """Number the classes, or return None where an image has no class."""
    names = {image.class_name for image in found}
    if None in names:
        return None
    return {name: number for number, name in enumerate(sorted(map(str, names)))}
