"""Street View House Numbers."""

from pathlib import Path

import torch

from samplebench import Dataset, Split
from samplebench_datasets.torchvision_files import Half, TorchvisionFiles

_NAMES = ("train_32x32.mat", "test_32x32.mat")


class SVHN(Dataset):
    """Digits of photographed house numbers, 32×32 colour: 73,257 to train on, 26,032 to test.

    The 531,131 easier images that were published as "extra" are not used.

    Reference: Reading Digits in Natural Images with Unsupervised Feature Learning (Netzer, Wang,
    Coates, Bissacco, Wu, Ng, 2011),
    http://ufldl.stanford.edu/housenumbers/nips2011_housenumbers.pdf
    """

    def __init__(self, data_dir: Path) -> None:
        self.shape = (3, 32, 32)
        self.files = TorchvisionFiles("svhn", data_dir, _NAMES, _open, _is_whole, _list_urls)

    def fetch(self) -> tuple[Path, ...]:
        return self.files.fetch()

    def train(self) -> Split:
        return self.files.train()

    def test(self) -> Split:
        return self.files.test()


def _open(data_dir: Path, half: Half, download: bool) -> Split:
    from torchvision import datasets  # importing it takes a second

    kept = datasets.SVHN(data_dir, split=half, download=download)
    return Split(torch.from_numpy(kept.data).contiguous(), torch.from_numpy(kept.labels))


def _is_whole(path: Path) -> bool:
    from torchvision import datasets
    from torchvision.datasets.utils import check_integrity

    sums = {name: md5 for _, name, md5 in datasets.SVHN.split_list.values()}
    return bool(check_integrity(path, sums[path.name]))


def _list_urls() -> list[str]:
    from torchvision import datasets

    return [datasets.SVHN.split_list[half][0] for half in ("train", "test")]
