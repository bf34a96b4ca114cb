"""Networks between images and feature maps: a grid of sites with the same number of channels.

The network of VQ-VAE: convolutions of stride 2, a convolution of size 3, two residual blocks, and
a convolution of size 1 to the channels of a site. The decoder mirrors it and outputs one number
per pixel value. Without normalisation, an image never depends on the rest of its batch.

Source: Neural Discrete Representation Learning (van den Oord et al., 2017), arXiv:1711.00937,
section 4.1, with the widths of its authors' published example: half the width before the last
downsampling, a quarter inside the residual blocks.
"""

from torch import Tensor, nn

from samplebench.contracts.dataset import ImageShape
from samplebench.networks.sizes import PadTo, halve

_BLOCKS = 2


def map_sizes(shape: ImageShape, halvings: int) -> list[tuple[int, int]]:
    """List height and width of the image and after each downsampling; the last is the grid.

    Raises:
        ValueError: the image is too small for so many downsamplings, or there are none.
    """
    if halvings < 1:
        raise ValueError(f"halvings must be at least 1, not {halvings}")
    sizes = [(shape[1], shape[2])]
    for _ in range(halvings):
        sizes.append(halve(sizes[-1]))
    return sizes


def map_encoder(shape: ImageShape, *, channels: int, width: int, halvings: int) -> nn.Module:
    """Build the network from images to maps (images, channels, rows, columns).

    Rows and columns are those of ``map_sizes(shape, halvings)[-1]``.
    """
    widths = _list_widths(width, downsamplings=halvings)
    layers: list[nn.Module] = []
    for narrow, wide in zip([shape[0], *widths], widths, strict=False):
        layers += [nn.Conv2d(narrow, wide, 4, stride=2, padding=1), nn.ReLU()]
    layers += [nn.Conv2d(width, width, 3, padding=1), *_make_residuals(width)]
    return nn.Sequential(*layers, nn.Conv2d(width, channels, 1))


def map_decoder(shape: ImageShape, *, channels: int, width: int, halvings: int) -> nn.Module:
    """Build the network from maps (images, channels, rows, columns) to (images, *shape)."""
    widths = _list_widths(width, downsamplings=halvings)[::-1]
    sizes = map_sizes(shape, halvings)[-2::-1]
    layers: list[nn.Module] = [nn.Conv2d(channels, width, 3, padding=1), *_make_residuals(width)]
    narrower = [*widths[1:], shape[0]]
    for wide, narrow, size in zip(widths, narrower, sizes, strict=True):
        layers += [nn.ConvTranspose2d(wide, narrow, 4, stride=2, padding=1), PadTo(size)]
        layers += [nn.ReLU()]
    return nn.Sequential(*layers[:-1])  # the outputs may be negative


def _list_widths(width: int, *, downsamplings: int) -> list[int]:
    """List the channels after each downsampling."""
    return [max(width // 2, 1)] * (downsamplings - 1) + [width]


def _make_residuals(width: int) -> list[nn.Module]:
    return [*(_Residual(width) for _ in range(_BLOCKS)), nn.ReLU()]


class _Residual(nn.Module):
    """``x + f(relu(x))`` with two convolutions, the first narrow."""

    def __init__(self, width: int) -> None:
        super().__init__()
        narrow = max(width // 4, 1)
        self.branch = nn.Sequential(
            nn.ReLU(),
            nn.Conv2d(width, narrow, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(narrow, width, 1),
        )

    def forward(self, features: Tensor) -> Tensor:
        branched: Tensor = self.branch(features)
        return features + branched
