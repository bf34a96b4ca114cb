"""CelebA, cut to faces and kept as one file that is mapped into memory."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import numpy as np
import torch
from PIL import Image

from samplebench import DataMissing, Dataset, SamplebenchError, Split
from samplebench_datasets.image_files import Pixels, decode_into

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
    filter, as the RAE paper has it (arXiv:1903.12436; it does not name the filter). The published
    partition, without its validation part; it keeps each person on one side. No labels: the
    attributes are no classes.

    The first use writes a file of 8-bit pixels for each split beside the images, or under the
    user's cache where that folder cannot be written; it is mapped into memory, never copied.

    Args:
        size: pixels a side.

    Reference: Deep Learning Face Attributes in the Wild (Liu, Luo, Wang, Tang, 2015),
    arXiv:1411.7766
    """

    def __init__(self, data_dir: Path, size: int = 64) -> None:
        if size < 1:
            raise ValueError(f"size must be positive, not {size}")
        self.size = size
        self.image_shape = (3, size, size)
        self.folder = data_dir / "celeba"

    def train(self) -> Split:
        return self._part("train", code="0")

    def test(self) -> Split:
        return self._part("test", code="2")

    def _part(self, part: str, code: str) -> Split:
        names = self._names(part, code)
        # The name says what is inside, so that a file made from another list is never taken.
        digest = hashlib.sha256("\n".join(names).encode()).hexdigest()[:12]
        file_name = f"samplebench-{part}-{self.size}-{digest}.npy"
        homes = [self.folder, _cache()]
        shape = (len(names), *self.image_shape)
        for home in homes:
            if (kept := _mapped(home / file_name, shape)) is not None:
                return Split(kept)
        home = next((home for home in homes if os.access(home, os.W_OK)), _cache())
        self._write(home / file_name, [self.folder / _IMAGES / name for name in names])
        written = _mapped(home / file_name, shape)
        assert written is not None
        return Split(written)

    def _names(self, part: str, code: str) -> list[str]:
        """The files of one part, as the partition lists them."""
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
            f"The dataset 'celeba' is not there: {reason}\nIt needs\n"
            f"  {self.folder / _PARTITION}\n"
            f"  {self.folder / _IMAGES}/000001.jpg … 202599.jpg (aligned and cropped, 178×218)\n"
            "Download both from https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html, or with "
            f"torchvision: `pip install gdown`, then torchvision.datasets.CelebA("
            f"{str(self.folder.parent)!r}, download=True)."
        )

    def _write(self, path: Path, files: Sequence[Path]) -> None:
        if not (self.folder / _IMAGES).is_dir():
            raise DataMissing(self._absence(f"there is no folder {self.folder / _IMAGES}"))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._decode_to(path, files)
        except OSError as error:
            gigabytes = len(files) * 3 * self.size**2 / 1e9
            raise SamplebenchError(
                f"The prepared images of 'celeba' cannot be written to {path}: {error}. They take "
                f"{gigabytes:.1f} GB; make room, or make {self.folder} writable."
            ) from error

    def _decode_to(self, path: Path, files: Sequence[Path]) -> None:
        """Decode a piece at a time; a process that is killed leaves no half file at ``path``."""
        unfinished = path.with_name(f".{path.name}.{uuid4().hex}")
        shape = (len(files), *self.image_shape)
        try:
            with unfinished.open("xb") as file:
                np.lib.format.write_array_header_1_0(
                    file, {"descr": "|u1", "fortran_order": False, "shape": shape}
                )
                for start in range(0, len(files), _AT_ONCE):
                    piece = files[start : start + _AT_ONCE]
                    pixels: Pixels = np.empty((len(piece), *self.image_shape), dtype=np.uint8)
                    decode_into(pixels, piece, self._face)
                    file.write(pixels.data)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)

    def _face(self, image: Image.Image) -> Image.Image:
        if image.size != _ALIGNED:
            raise ValueError(f"it is {image.size[0]}×{image.size[1]}, not 178×218 as published")
        return image.crop(_FACE).resize((self.size, self.size), Image.Resampling.BILINEAR)


def _cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "samplebench" / "celeba"


def _mapped(path: Path, shape: tuple[int, ...]) -> torch.Tensor | None:
    """The images in a file, without reading them; None unless it is there, whole and fits."""
    try:
        # "c": what is written stays in this process's memory, as torch wants to be able to write.
        pixels = np.load(path, mmap_mode="c")
    except (OSError, ValueError, EOFError):
        return None
    if pixels.shape != shape or pixels.dtype != np.uint8:
        return None
    return torch.from_numpy(pixels)
