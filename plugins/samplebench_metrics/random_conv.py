"""Features of a small convolutional network that was never trained."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from samplebench import FeatureExtractor, Images, Shape, Split, require_image, seeded

_IMAGES_FOR_THE_SCALE = 4096


class RandomConv(FeatureExtractor):
    """The mean activations of three layers of an untrained convolutional network.

    Needs no labels and knows no classes: sharper on texture than on content. Layers of 5 × 5
    filters and ReLU with ``width``/4, ``width``/4 and ``width``/2 channels, the last two at half
    and at a quarter of the resolution; He initialisation under a fixed seed. ``fit`` learns one
    number, by which all features are multiplied so that their variance over training images is 1
    on average: it sets the unit of a distance and changes no order.

    Departs from the paper, which takes the penultimate layer of a random VGG16, in the network and
    in its size.

    Args:
        width: number of features, four times the channels of the first layer.

    Reference: Reliable Fidelity and Diversity Metrics for Generative Models (Naeem et al., 2020),
    arXiv:2002.09797.
    """

    scale: Tensor

    def __init__(self, shape: Shape, width: int = 64) -> None:
        super().__init__()
        if width < 4 or width % 4:
            raise ValueError(f"width must be a positive multiple of 4, not {width}")
        self.width, (channels, _, _) = width, require_image(shape)
        with seeded(0, "random-conv"):
            self.layers = nn.ModuleList(
                [
                    _layer(channels, width // 4, stride=1),
                    _layer(width // 4, width // 4, stride=2),
                    _layer(width // 4, width // 2, stride=2),
                ]
            )
        self.requires_grad_(False)
        self.register_buffer("scale", torch.ones(()))

    def fit(self, train: Split) -> None:
        # Evenly spread, because some sets come sorted by class.
        sample = train.samples[:: math.ceil(len(train) / _IMAGES_FOR_THE_SCALE)]
        self.scale.fill_(1)
        raw = torch.cat([self.features(batch / 255) for batch in torch.split(sample, self.batch)])
        variance = raw.double().var(0, correction=0).mean()
        # One image, or many of the same, leave no variance to set a unit by.
        self.scale.copy_(torch.where(variance > 0, variance.rsqrt(), 1.0))

    @torch.no_grad()
    def features(self, images: Images) -> Float[Tensor, "samples features"]:
        hidden = 2 * images - 1
        pooled = []
        for layer in self.layers:
            hidden = layer(hidden).relu()
            pooled.append(hidden.mean(dim=(2, 3)))  # (samples, channels)
        return self.scale * torch.cat(pooled, dim=1)


def _layer(inputs: int, outputs: int, stride: int) -> nn.Conv2d:
    """One 5 × 5 convolution whose outputs have about the variance of its inputs."""
    layer = nn.Conv2d(inputs, outputs, kernel_size=5, stride=stride, padding=2)
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    return layer
