"""The sizes of images and feature maps under downsampling and upsampling."""

from torch import Tensor, nn
from torch.nn import functional


def halve(size: tuple[int, int]) -> tuple[int, int]:
    """Return height and width after a convolution of stride 2, which rounds down.

    Raises:
        ValueError: a side has fewer than two pixels.
    """
    if min(size) < 2:
        raise ValueError(f"images of {size[0]}x{size[1]} are too small to halve")
    return size[0] // 2, size[1] // 2


class PadTo(nn.Module):
    """Pad an upsampled map by its edge to the size that downsampling had rounded down."""

    def __init__(self, size: tuple[int, int]) -> None:
        super().__init__()
        self.size = size

    def forward(self, features: Tensor) -> Tensor:
        height, width = self.size
        missing = (0, width - features.shape[3], 0, height - features.shape[2])
        return functional.pad(features, missing, mode="replicate") if any(missing) else features
