"""MNIST."""

from pathlib import Path

from samplebench import Dataset, Split
from samplebench_datasets.idx_files import idx_files


class MNIST(Dataset):
    """Handwritten digits, 28×28 grey: 60,000 to train on, 10,000 to test.

    Reference: Gradient-Based Learning Applied to Document Recognition (LeCun, Bottou, Bengio,
    Haffner, 1998), doi:10.1109/5.726791
    """

    def __init__(self, data_dir: Path) -> None:
        self.shape = (1, 28, 28)
        self.files = idx_files("mnist", "MNIST", data_dir)

    def fetch(self) -> tuple[Path, ...]:
        return self.files.fetch()

    def train(self) -> Split:
        return self.files.train()

    def test(self) -> Split:
        return self.files.test()
