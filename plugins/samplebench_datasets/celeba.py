"""CelebA, cropped to faces and kept as one file that is mapped into memory."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import numpy as np
import torch
from PIL import Image

from samplebench import DataMissing, Dataset, SamplebenchError, Split, cache_folder, data_folders
from samplebench.sample_files import Pixels, decode_into

_PARTITION = "list_eval_partition.txt"
_IMAGES = "img_align_celeba"
_ALIGNED = (178, 218)
_FACE = (19, 39, 159, 179)
"""Left, top, right and bottom of the centre 140×140 of an aligned image."""

_AT_ONCE = 4096
"""Images in memory at a time while the file is written: 50 MB at 64×64."""


class CelebA(Dataset):
    """Faces of celebrities, 64×64 colour: 162,770 to train on, 19,962 to test.

    The centre 140×140 of each aligned image, resized to ``size`` × ``size`` with Pillow's bilinear
    filter, as in the RAE paper (arXiv:1903.12436; it does not name the filter). The split is the
    published partition without its validation part; each person is on one side only. There are no
    labels, because the attributes are not classes.

    The first use writes a file of 8-bit pixels for each split next to the images, or under the
    user's cache where that folder cannot be written or is the site's; it is mapped into memory,
    never copied.

    Args:
        size: height and width in pixels.

    Reference: Deep Learning Face Attributes in the Wild (Liu, Luo, Wang, Tang, 2015),
    arXiv:1411.7766
    """

    def __init__(self, data_dir: Path, size: int = 64) -> None:
        if size < 1:
            raise ValueError(f"size must be positive, not {size}")
        self.size = size
        self.shape = (3, size, size)
        self.data_dir = data_dir

    @property
    def folder(self) -> Path:
        """The first folder that has the partition, or the user's."""
        mine, *shared = [folder / "celeba" for folder in data_folders(self.data_dir)]
        there = (folder for folder in (mine, *shared) if (folder / _PARTITION).is_file())
        return next(there, mine)

    def fetch(self) -> tuple[Path, ...]:
        for part, code in (("train", "0"), ("test", "2")):
            self._names(part, code)
        return (self.folder / _PARTITION, self._images())

    def train(self) -> Split:
        return self._part("train", code="0")

    def test(self) -> Split:
        return self._part("test", code="2")

    def _part(self, part: str, code: str) -> Split:
        names = self._names(part, code)
        # The name identifies the content, so that a file made from another list is never used.
        digest = hashlib.sha256("\n".join(names).encode()).hexdigest()[:12]
        file_name = f"samplebench-{part}-{self.size}-{digest}.npy"
        homes = [self.data_dir / "celeba", *_caches()]
        shape = (len(names), *self.shape)
        for home in dict.fromkeys([self.folder, *homes]):
            if (kept := _map_file(home / file_name, shape)) is not None:
                return Split(kept)
        home = next((home for home in homes if os.access(home, os.W_OK)), homes[-1])
        images = self._images()
        self._write(home / file_name, [images / name for name in names])
        written = _map_file(home / file_name, shape)
        assert written is not None
        return Split(written)

    def _names(self, part: str, code: str) -> list[str]:
        """List the files of one part, in the order of the partition."""
        try:
            listed = [line.split() for line in (self.folder / _PARTITION).read_text().splitlines()]
        except (OSError, ValueError) as error:
            raise DataMissing(self._absence(str(error))) from error
        names = [fields[0] for fields in listed if fields[1:] == [code]]
        if not names:
            reason = f"{self.folder / _PARTITION} lists no image to {part} with ({code})"
            raise DataMissing(self._absence(reason))
        return names

    def _absence(self, reason: str) -> str:
        return (
            f"The dataset 'celeba' is absent: {reason}\nIt needs\n"
            f"  {self.folder / _PARTITION}\n"
            f"  {self.folder / _IMAGES}/000001.jpg … 202599.jpg (aligned and cropped, 178×218)\n"
            "Download both from https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html, or with "
            f"torchvision: `pip install gdown`, then torchvision.datasets.CelebA("
            f"{str(self.folder.parent)!r}, download=True)."
        )

    def _images(self) -> Path:
        """The folder of the images, next to the partition."""
        folder = self.folder / _IMAGES
        if not folder.is_dir():
            raise DataMissing(self._absence(f"there is no folder {folder}"))
        return folder

    def _write(self, path: Path, files: Sequence[Path]) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._decode_to(path, files)
        except OSError as error:
            gigabytes = len(files) * 3 * self.size**2 / 1e9
            raise SamplebenchError(
                f"The prepared images of 'celeba' cannot be written to {path}: {error}. They take "
                f"{gigabytes:.1f} GB; make room, or make {path.parent} writable."
            ) from error

    def _decode_to(self, path: Path, files: Sequence[Path]) -> None:
        """Decode the files in pieces; a killed process leaves no partial file at ``path``."""
        unfinished = path.with_name(f".{path.name}.{uuid4().hex}")
        shape = (len(files), *self.shape)
        try:
            with unfinished.open("xb") as file:
                np.lib.format.write_array_header_1_0(
                    file, {"descr": "|u1", "fortran_order": False, "shape": shape}
                )
                for start in range(0, len(files), _AT_ONCE):
                    piece = files[start : start + _AT_ONCE]
                    pixels: Pixels = np.empty((len(piece), *self.shape), dtype=np.uint8)
                    decode_into(pixels, piece, self._face)
                    file.write(pixels.data)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)

    def _face(self, image: Image.Image) -> Image.Image:
        if image.size != _ALIGNED:
            raise ValueError(f"it is {image.size[0]}×{image.size[1]}, not 178×218 as published")
        return image.crop(_FACE).resize((self.size, self.size), Image.Resampling.BILINEAR)


def _caches() -> list[Path]:
    """The folder under the user's cache, if there is one."""
    try:
        return [cache_folder() / "celeba"]
    except SamplebenchError:
        return []


def _map_file(path: Path, shape: tuple[int, ...]) -> torch.Tensor | None:
    """Map the images of a file into memory; None if it is absent, partial or of another shape."""
    try:
        # "c" for copy on write: torch wants writable memory, and the file must not change.
        pixels = np.load(path, mmap_mode="c")
    except (OSError, ValueError, EOFError):
        return None
    if pixels.shape != shape or pixels.dtype != np.uint8:
        return None
    return torch.from_numpy(pixels)
