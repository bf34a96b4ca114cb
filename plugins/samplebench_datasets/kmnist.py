"""Kuzushiji-MNIST."""

from pathlib import Path

from samplebench import Dataset, Split
from samplebench_datasets.idx_files import idx_files


class KMNIST(Dataset):
    """Cursive Japanese characters, 28×28 grey: 60,000 to train on, 10,000 to test.

    Reference: Deep Learning for Classical Japanese Literature (Clanuwat, Bober-Irizar, Kitamoto,
    Lamb, Yamamoto, Ha, 2018), arXiv:1812.01718
    """

    def __init__(self, data_dir: Path) -> None:
        self.shape = (1, 28, 28)
        self.files = idx_files("kmnist", "KMNIST", data_dir)

    def fetch(self) -> tuple[Path, ...]:
        return self.files.fetch()

    def train(self) -> Split:
        return self.files.train()

    def test(self) -> Split:
        return self.files.test()
