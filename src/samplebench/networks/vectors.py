"""Networks between images and vectors, fitted to the size of the images.

``mlp`` flattens; ``conv`` halves the image, doubling the channels, until 4 pixels or less are
left; ``resnet`` does the same with a residual block at each size. A decoder mirrors its encoder
and ends in logits, one a pixel.
"""

import math
from collections.abc import Callable
from typing import Literal

from torch import Tensor, nn
from torch.nn import functional

from samplebench.networks.sizes import FitTo, ImageShape, halved

Backbone = Literal["conv", "mlp", "resnet"]

_SMALLEST = 4  # pixels at which halving stops


def vector_encoder(
    backbone: Backbone, image_shape: ImageShape, outputs: int, width: int
) -> nn.Module:
    """Images (samples, channels, height, width) to vectors (samples, outputs)."""
    if backbone == "mlp":
        return _mlp(math.prod(image_shape), outputs, width, before=[nn.Flatten()])
    sizes = _halved_sizes(image_shape)
    widths = [width * 2**level for level in range(len(sizes) - 1)]
    layers: list[nn.Module] = []
    channels = image_shape[0]
    for wider in widths:
        layers += [nn.Conv2d(channels, wider, 4, stride=2, padding=1), *_after(backbone, wider)]
        channels = wider
    layers += [nn.Flatten(), nn.Linear(channels * math.prod(sizes[-1]), outputs)]
    return nn.Sequential(*layers)


def vector_decoder(
    backbone: Backbone, image_shape: ImageShape, inputs: int, width: int
) -> nn.Module:
    """Vectors (samples, inputs) to logits (samples, channels, height, width)."""
    if backbone == "mlp":
        return _mlp(inputs, math.prod(image_shape), width, after=[nn.Unflatten(1, image_shape)])
    sizes = _halved_sizes(image_shape)[::-1]
    widths = [width * 2**level for level in range(len(sizes) - 1)][::-1]
    start = widths[0] * math.prod(sizes[0])
    layers: list[nn.Module] = [
        nn.Linear(inputs, start),
        nn.Unflatten(1, (widths[0], *sizes[0])),
        *_after(backbone, widths[0]),
    ]
    for wide, narrow, size in zip(widths, widths[1:], sizes[1:], strict=False):
        layers += [_doubled(wide, narrow), FitTo(size), *_after(backbone, narrow)]
    layers += [_doubled(widths[-1], image_shape[0]), FitTo(sizes[-1])]
    return nn.Sequential(*layers)


def _halved_sizes(image_shape: ImageShape) -> list[tuple[int, int]]:
    """Height and width, the whole image first, then after each halving; there is one at least."""
    sizes = [(image_shape[1], image_shape[2])]
    if max(sizes[0]) < _SMALLEST:
        raise ValueError(
            f"images of {sizes[0][0]}x{sizes[0][1]} are too small to halve, "
            f"which takes {_SMALLEST} pixels one way; backbone='mlp' takes them as they are"
        )
    while len(sizes) == 1 or (max(sizes[-1]) > _SMALLEST and min(sizes[-1]) > 1):
        sizes.append(halved(sizes[-1]))
    return sizes


def _mlp(
    inputs: int,
    outputs: int,
    width: int,
    before: list[nn.Module] | None = None,
    after: list[nn.Module] | None = None,
) -> nn.Module:
    hidden = 16 * width
    return nn.Sequential(
        *(before or []),
        nn.Linear(inputs, hidden),
        nn.ReLU(),
        nn.Linear(hidden, hidden),
        nn.ReLU(),
        nn.Linear(hidden, outputs),
        *(after or []),
    )


def _doubled(channels: int, outputs: int) -> nn.Module:
    return nn.ConvTranspose2d(channels, outputs, 4, stride=2, padding=1)


def _after(backbone: Backbone, channels: int) -> list[nn.Module]:
    """What follows each change of resolution."""
    makers: dict[str, Callable[[], list[nn.Module]]] = {
        "conv": lambda: [nn.BatchNorm2d(channels), nn.ReLU()],
        "resnet": lambda: [nn.BatchNorm2d(channels), nn.ReLU(), _Residual(channels)],
    }
    return makers[backbone]()


class _Residual(nn.Module):
    """``relu(x + f(x))`` with two convolutions in f, the first narrow."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        narrow = max(channels // 2, 1)
        self.branch = nn.Sequential(
            nn.Conv2d(channels, narrow, 3, padding=1),
            nn.BatchNorm2d(narrow),
            nn.ReLU(),
            nn.Conv2d(narrow, channels, 1),
            nn.BatchNorm2d(channels),
        )

    def forward(self, features: Tensor) -> Tensor:
        return functional.relu(features + self.branch(features))
