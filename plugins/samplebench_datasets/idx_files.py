"""The files of MNIST and of datasets in its format."""

import math
import struct
from functools import partial
from pathlib import Path

from samplebench import Split
from samplebench_datasets.torchvision_files import Half, TorchvisionFiles

_NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


def idx_files(dataset: str, kind: str, data_dir: Path) -> TorchvisionFiles:
    """Describe the four files that torchvision's class ``kind`` keeps in ``kind``/raw."""
    names = tuple(f"{kind}/raw/{name}" for name in _NAMES)
    urls = partial(_list_urls, kind)
    return TorchvisionFiles(dataset, data_dir, names, partial(_open, kind), _is_whole, urls)


def _open(kind: str, data_dir: Path, half: Half, download: bool) -> Split:
    from torchvision import datasets  # importing it takes a second

    kept = getattr(datasets, kind)(data_dir, train=half == "train", download=download)
    return Split(kept.data.unsqueeze(1), kept.targets)  # (samples, 1, height, width)


def _list_urls(kind: str) -> list[str]:
    from torchvision import datasets

    published = getattr(datasets, kind)
    return [published.mirrors[0] + name for name, _ in published.resources]


def _is_whole(path: Path) -> bool:
    """Check that the file starts as an idx file of bytes and has the length in its header.

    The header: two zeros, 8 for unsigned bytes, the number of axes, and each axis's length.
    """
    axes = 3 if "idx3" in path.name else 1
    with path.open("rb") as file:
        header = file.read(4 + 4 * axes)
    if len(header) < 4 + 4 * axes or header[:4] != bytes((0, 0, 8, axes)):
        return False
    lengths: tuple[int, ...] = struct.unpack_from(f">{axes}I", header, 4)
    return path.stat().st_size == len(header) + math.prod(lengths)
