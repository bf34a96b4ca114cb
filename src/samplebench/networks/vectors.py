"""Networks between samples and vectors, with as many layers as the size of images needs.

``mlp`` flattens the sample, of any shape. ``conv`` halves the height and width of an image and
doubles the channels until 4 pixels or fewer are left. ``resnet`` does the same with a residual
block at each size. A decoder mirrors its encoder and has one output for each number of a sample.
"""

import math
from collections.abc import Callable
from typing import Literal

from torch import Tensor, nn
from torch.nn import functional

from samplebench.contracts.dataset import Shape, describe_shape, is_image
from samplebench.networks.sizes import PadTo, halve

Backbone = Literal["conv", "mlp", "resnet"]

_SMALLEST = 4  # pixels at which downsampling stops


def vector_encoder(backbone: Backbone, shape: Shape, outputs: int, width: int) -> nn.Module:
    """Build the network from samples to vectors (samples, outputs)."""
    if backbone == "mlp":
        return _make_mlp(
            inputs=math.prod(shape), outputs=outputs, width=width, before=[nn.Flatten()]
        )
    sizes = _list_sizes(shape)
    widths = [width * 2**level for level in range(len(sizes) - 1)]
    layers: list[nn.Module] = []
    channels = shape[0]
    for wider in widths:
        layers += [
            nn.Conv2d(channels, wider, 4, stride=2, padding=1),
            *_make_activation(backbone, wider),
        ]
        channels = wider
    layers += [nn.Flatten(), nn.Linear(channels * math.prod(sizes[-1]), outputs)]
    return nn.Sequential(*layers)


def vector_decoder(backbone: Backbone, shape: Shape, inputs: int, width: int) -> nn.Module:
    """Build the network from vectors (samples, inputs) to one output for each number."""
    if backbone == "mlp":
        return _make_mlp(
            inputs=inputs,
            outputs=math.prod(shape),
            width=width,
            after=[nn.Unflatten(1, shape)],
        )
    sizes = _list_sizes(shape)[::-1]
    widths = [width * 2**level for level in range(len(sizes) - 1)][::-1]
    start = widths[0] * math.prod(sizes[0])
    layers: list[nn.Module] = [
        nn.Linear(inputs, start),
        nn.Unflatten(1, (widths[0], *sizes[0])),
        *_make_activation(backbone, widths[0]),
    ]
    for wide, narrow, size in zip(widths, widths[1:], sizes[1:], strict=False):
        layers += [_upsample(wide, narrow), PadTo(size), *_make_activation(backbone, narrow)]
    layers += [_upsample(widths[-1], shape[0]), PadTo(sizes[-1])]
    return nn.Sequential(*layers)


def _list_sizes(shape: Shape) -> list[tuple[int, int]]:
    """List height and width of the image and after each downsampling; at least one is needed.

    Raises:
        ValueError: the image is too small, or these are no images.
    """
    if not is_image(shape):
        raise ValueError(
            f"takes images, and these samples are {describe_shape(shape)}; "
            "backbone='mlp' takes samples of any shape"
        )
    sizes = [(shape[1], shape[2])]
    if max(sizes[0]) < _SMALLEST:
        raise ValueError(
            f"images of {sizes[0][0]}x{sizes[0][1]} are too small to halve: height or width must "
            f"be at least {_SMALLEST} pixels; backbone='mlp' takes images of any size"
        )
    while len(sizes) == 1 or (max(sizes[-1]) > _SMALLEST and min(sizes[-1]) > 1):
        sizes.append(halve(sizes[-1]))
    return sizes


def _make_mlp(
    *,
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


def _upsample(channels: int, outputs: int) -> nn.Module:
    return nn.ConvTranspose2d(channels, outputs, 4, stride=2, padding=1)


def _make_activation(backbone: Backbone, channels: int) -> list[nn.Module]:
    """Make the layers that follow each change of resolution."""
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
