"""Images from a folder."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from PIL import Image, ImageColor, ImageOps

from samplebench import DataMissing, Dataset, Split, seeded
from samplebench.sample_files import decode_into, list_places
from samplebench_datasets.overlap import remove_overlap

_SUFFIXES = {".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}

Fit = Literal["crop", "stretch", "pad"]

_EXPECTED = (
    "image-folder(path=...) takes a folder with train/ and test/ in it, or one folder of images "
    "(or with train/ alone) that is split 5 to 1; a relative path is looked up under the data "
    "folder, then here."
)


@dataclass(frozen=True)
class _Found:
    """An image file, and the subfolder that names its class, if there is one."""

    file: Path
    class_name: str | None


class ImageFolder(Dataset):
    """Your own images: a folder with ``train`` and ``test``, or one folder that is split 5 to 1.

    The latter may be called ``train`` inside ``path``. Folders may nest; where every image lies in
    a subfolder, the first level names its class, otherwise there are no labels. An image is turned
    as its EXIF orientation says, brought to ``size`` by ``fit`` with Pillow's bilinear filter
    (which averages when it reduces, against aliasing), and converted to grey or colour by
    ``channels``; 16-bit grey is scaled to 8 bits. Links are followed, each folder once in a class,
    so that loops end; hidden files are ignored. Order and split are random but always the same for
    the same names. A training image that is also a test image is left out of train.

    Args:
        path: the folder; a relative path is looked up in the data folder first.
        size: height and width in pixels, one number for both or (height, width).
        channels: 1 for grey, 3 for colour.
        background: the colour behind transparent pixels and beside images that are padded, by
            name or as "#rrggbb".
        fit: "crop" to cut what is too wide or too high at both ends and keep the centre,
            "stretch" to change the proportions, "pad" to show all on the background.
    """

    def __init__(
        self,
        data_dir: Path,
        path: str = "",
        size: int | tuple[int, int] = 64,
        channels: Literal[1, 3] = 3,
        background: str = "black",
        fit: Fit = "crop",
    ) -> None:
        height, width = (size, size) if isinstance(size, int) else size
        if min(height, width) < 1:
            raise ValueError(f"size must be positive, not {size}")
        if len(ImageColor.getrgb(background)) != 3:
            raise ValueError(f"background must be an opaque colour, not {background!r}")
        self.data_dir, self.path, self.size, self.channels = data_dir, path, size, channels
        self.background = background
        self.fit: Fit = fit
        self.shape = (channels, height, width)

    def train(self) -> Split:
        train, test = self._halves()
        classes = _classes([*train, *test])
        return remove_overlap(self._read(train, classes), self._read(test, classes))

    def test(self) -> Split:
        train, test = self._halves()
        return self._read(test, _classes([*train, *test]))

    def _halves(self) -> tuple[list[_Found], list[_Found]]:
        folder = self._folder()
        learned, kept = folder / "train", folder / "test"
        if kept.is_dir() and not learned.is_dir():
            raise DataMissing(f"{kept} is there, but {learned} is not. {_EXPECTED}")
        if learned.is_dir() and not kept.is_dir():
            _require_alone(learned)
        if kept.is_dir():
            train, test = _shuffled_images(learned), _shuffled_images(kept)
        else:
            found = _shuffled_images(learned if learned.is_dir() else folder)
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
        places = list_places(self.data_dir, self.path)
        for place in places:
            if place.is_dir():
                return place
        raise DataMissing(f"There is no folder {' or '.join(map(str, places))}. {_EXPECTED}")

    def _read(self, found: Sequence[_Found], classes: dict[str, int] | None) -> Split:
        pixels = np.empty((len(found), *self.shape), dtype=np.uint8)
        _, height, width = self.shape
        frame = partial(_FRAMES[self.fit], width=width, height=height, background=self.background)
        decode_into(pixels, [image.file for image in found], frame, self.background)
        images = torch.from_numpy(pixels)
        if classes is None:
            return Split(images)
        return Split(images, torch.tensor([classes[str(image.class_name)] for image in found]))


def _require_alone(learned: Path) -> None:
    """Refuse other images next to ``train`` where there is no ``test``: they would be passed over.

    Raises:
        DataMissing: there are some, such as in a folder ``val``, or ``train`` is one of many
            classes.
    """
    for entry in _visible(learned.parent):
        if entry != learned and (entry.is_dir() or _is_image(entry)):
            raise DataMissing(
                f"{learned} is there, but no test next to it, and {entry.name} is: rename that to "
                f"test, or give one of both as path=... {_EXPECTED}"
            )


def _crop(image: Image.Image, width: int, height: int, background: str) -> Image.Image:
    """Keep the largest centre of these proportions."""
    return ImageOps.fit(image, (width, height), method=Image.Resampling.BILINEAR)


def _stretch(image: Image.Image, width: int, height: int, background: str) -> Image.Image:
    """Keep all of the image, in other proportions."""
    return image.resize((width, height), Image.Resampling.BILINEAR)


def _pad(image: Image.Image, width: int, height: int, background: str) -> Image.Image:
    """Keep all of the image and its proportions, in the centre of the background."""
    return ImageOps.pad(image, (width, height), method=Image.Resampling.BILINEAR, color=background)


_FRAMES = {"crop": _crop, "stretch": _stretch, "pad": _pad}


def _shuffled_images(root: Path) -> list[_Found]:
    """Find every image file under ``root``, in a random order that depends on the names only."""
    found = []
    for entry in _visible(root):
        above = {root.resolve()}
        if entry.is_dir():
            found += [_Found(file, entry.name) for file in _images_under(entry, above)]
        elif _is_image(entry):
            found.append(_Found(entry, None))
    found.sort(key=lambda image: image.file.relative_to(root).as_posix())
    with seeded(0, "image-folder"):
        return [found[row] for row in torch.randperm(len(found)).tolist()]


def _images_under(folder: Path, entered: set[Path]) -> Iterator[Path]:
    """Find the image files in a folder and in those below, links included.

    Args:
        entered: folders that are not entered again; those that are get added.
    """
    if (place := folder.resolve()) in entered:
        return
    entered.add(place)
    for entry in _visible(folder):
        if entry.is_dir():
            yield from _images_under(entry, entered)
        elif _is_image(entry):
            yield entry


def _visible(folder: Path) -> list[Path]:
    """The entries of a folder by name, without hidden ones."""
    try:
        return sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    except OSError as error:
        raise DataMissing(f"The folder {folder} cannot be read ({error.strerror}).") from error


def _is_image(entry: Path) -> bool:
    """Recognise image files by their names.

    Raises:
        DataMissing: what might be an image or a folder of them is a link that leads nowhere.
    """
    suffix = entry.suffix.lower()
    if entry.is_symlink() and not entry.exists() and suffix in {"", *_SUFFIXES}:
        raise DataMissing(f"{entry} is a link that leads nowhere; mend or remove it.")
    return suffix in _SUFFIXES and entry.is_file()


def _classes(found: Sequence[_Found]) -> dict[str, int] | None:
    """Number the classes, or return None where an image has no class."""
    names = {image.class_name for image in found}
    if None in names:
        return None
    return {name: number for number, name in enumerate(sorted(map(str, names)))}
