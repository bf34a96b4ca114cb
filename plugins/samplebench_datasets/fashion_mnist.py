"""Fashion-MNIST."""

from pathlib import Path

from samplebench import Dataset, Split
from samplebench_datasets.idx_files import idx_files


class FashionMNIST(Dataset):
    """Pictures of clothes, 28×28 grey: 60,000 to train on, 10,000 to test.

    Reference: Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning Algorithms
    (Xiao, Rasul, Vollgraf, 2017), arXiv:1708.07747
    """

    def __init__(self, data_dir: Path) -> None:
        self.shape = (1, 28, 28)
        self.files = idx_files("fashion-mnist", "FashionMNIST", data_dir)

    def fetch(self) -> tuple[Path, ...]:
        return self.files.fetch()

    def train(self) -> Split:
        return self.files.train()

    def test(self) -> Split:
        return self.files.test()
