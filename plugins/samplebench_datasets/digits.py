"""The digits that ship with scikit-learn."""

from pathlib import Path

import torch
from torch.nn.functional import interpolate

from samplebench import Dataset, Split, seeded

_TEST = 600


class Digits(Dataset):
    """Handwritten digits that ship with scikit-learn: 1,197 to train on, 600 to test.

    Each is 8×8 with values 0…16. They are enlarged bilinearly to ``size`` × ``size``, scaled by
    255/16 and rounded once, to 8 bits. The split is random but always the same; no two of the
    1,797 images are equal, so none is on both sides.

    Args:
        size: height and width in pixels, at least 8.

    Reference: Optical Recognition of Handwritten Digits (Alpaydin, Kaynak, 1998),
    doi:10.24432/C50P49
    """

    def __init__(self, data_dir: Path, size: int = 16) -> None:
        if size < 8:
            raise ValueError(f"size must be at least 8, the size of the originals, not {size}")
        self.size = size
        self.shape = (1, size, size)

    def train(self) -> Split:
        return self._part(slice(_TEST, None))

    def test(self) -> Split:
        return self._part(slice(_TEST))

    def _part(self, part: slice) -> Split:
        from sklearn.datasets import load_digits  # importing it takes a second

        images, labels = load_digits(return_X_y=True)
        with seeded(0, "digits"):
            chosen = torch.randperm(len(images))[part]
        small = torch.from_numpy(images)[chosen].reshape(-1, 1, 8, 8)  # (samples, 1, 8, 8)
        enlarged = interpolate(small, self.shape[1:], mode="bilinear")
        return Split(
            (enlarged * 255 / 16).round().to(torch.uint8), torch.from_numpy(labels)[chosen].long()
        )
