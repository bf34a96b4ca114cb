"""CIFAR-10."""

from pathlib import Path

import torch

from samplebench import Dataset, Split
from samplebench_datasets.torchvision_files import Half, TorchvisionFiles

_FOLDER = "cifar-10-batches-py"
_NAMES = (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch", "batches.meta")


class CIFAR10(Dataset):
    """Photographs of ten kinds of thing, 32×32 colour: 50,000 to train on, 10,000 to test.

    Reference: Learning Multiple Layers of Features from Tiny Images (Krizhevsky, 2009),
    https://www.cs.toronto.edu/~kriz/learning-features-2009-TR.pdf
    """

    def __init__(self, data_dir: Path) -> None:
        self.shape = (3, 32, 32)
        names = tuple(f"{_FOLDER}/{name}" for name in _NAMES)
        self.files = TorchvisionFiles("cifar10", data_dir, names, _open, _is_whole, _list_urls)

    def fetch(self) -> tuple[Path, ...]:
        return self.files.fetch()

    def train(self) -> Split:
        return self.files.train()

    def test(self) -> Split:
        return self.files.test()


def _open(data_dir: Path, half: Half, download: bool) -> Split:
    from torchvision import datasets  # importing it takes a second

    kept = datasets.CIFAR10(data_dir, train=half == "train", download=download)
    images = torch.from_numpy(kept.data).permute(0, 3, 1, 2)  # (samples, channels, height, width)
    return Split(images.contiguous(), torch.tensor(kept.targets, dtype=torch.int64))


def _is_whole(path: Path) -> bool:
    from torchvision import datasets
    from torchvision.datasets.utils import check_integrity

    kind = datasets.CIFAR10
    sums = dict([*kind.train_list, *kind.test_list, [kind.meta["filename"], kind.meta["md5"]]])
    return bool(check_integrity(path, sums[path.name]))


def _list_urls() -> list[str]:
    from torchvision import datasets

    return [datasets.CIFAR10.url]
