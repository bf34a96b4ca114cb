"""Samples that somebody made, in a file or in a folder of images."""

import hashlib
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from samplebench.contracts.dataset import Stored
from samplebench.errors import DataMissing
from samplebench.sample_files.array_samples import convert, find_shape
from samplebench.sample_files.image_files import FORMATS, decode_into
from samplebench.sample_files.split_files import SampleFiles, is_file

_SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp")
_DIGITS = 12


def read_samples(path: Path) -> Stored:
    """Read samples as datasets store them: images in 8 bits, or arrays as float32.

    The images of a folder are read in the order of their names, from folders in it too.

    Raises:
        DataMissing: nothing is there, a file is damaged, or images have different sizes.
    """
    if path.is_dir():
        return _read_folder(path)
    files = _files(path)
    numbers, _ = files.read()
    shape = find_shape(files.header(), "first", str(path))
    return convert(numbers, shape, "first", str(path))


def read_axes(path: Path) -> tuple[tuple[int, ...], bool]:
    """Read the axes of an array, samples first, and whether its numbers are floats.

    Raises:
        DataMissing: the file is absent, damaged or empty.
    """
    header = _files(path).header()
    return header.axes, header.type.kind == "f"


def find_largest(*paths: Path) -> int:
    """Find the largest number in some files of integers.

    Raises:
        DataMissing: as ``read_axes``.
    """
    return max(int(_files(path).read()[0].max()) for path in paths)


def digest_samples(samples: Stored) -> str:
    """A short digest of the type, shape and numbers of samples."""
    digest = hashlib.sha256(f"{samples.dtype} {tuple(samples.shape)}".encode())
    for part in torch.split(samples, 1024):
        digest.update(part.contiguous().numpy().tobytes())
    return digest.hexdigest()[:_DIGITS]


def _files(path: Path) -> SampleFiles:
    if not is_file(str(path)):
        raise DataMissing(
            f"{path} is no folder of images and no file .npy, .npz, .safetensors, .csv or .parquet"
        )
    return SampleFiles(path.parent, str(path.absolute()), "")


def _read_folder(path: Path) -> Tensor:
    files = sorted(file for file in path.rglob("*") if file.suffix.lower() in _SUFFIXES)
    if not files:
        raise DataMissing(f"{path} holds no image ({', '.join(_SUFFIXES)})")
    channels, width, height = _look_at(files[0])
    pixels = np.empty((len(files), channels, height, width), np.uint8)

    def require_size(image: Image.Image) -> Image.Image:
        if image.size != (width, height):
            raise ValueError(
                f"it has {image.size[0]}×{image.size[1]} pixels, and {files[0].name} has "
                f"{width}×{height}"
            )
        return image

    decode_into(pixels, files, require_size)
    return torch.from_numpy(pixels)


def _look_at(file: Path) -> tuple[int, int, int]:
    """The channels, width and height of an image."""
    try:
        with Image.open(file, formats=FORMATS) as image:
            return 1 if image.mode in ("1", "L", "LA") else 3, *image.size
    except (OSError, ValueError, SyntaxError) as error:
        raise DataMissing(f"the image {file} cannot be used: {error}") from error
