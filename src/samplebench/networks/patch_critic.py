"""A critic that judges the patches of an image."""

from jaxtyping import Float
from torch import Tensor, nn

from samplebench.contracts.dataset import Images, ImageShape
from samplebench.networks.sizes import halve

_DOWNSAMPLINGS = 3  # at most
_SMALLEST = 3  # pixels: each of the last two convolutions takes one, which leaves one verdict
_SLOPE = 0.2


class PatchCritic(nn.Module):
    """The PatchGAN critic: a map of verdicts on overlapping patches, high for real images.

    It has convolutions of size 4, of which up to three downsample the image, fewer if the image is
    small. Batches are normalised as in the paper, so in training mode a verdict depends on the
    rest of the batch.

    Args:
        shape: channels, height, width.
        width: channels after the first convolution; each further one doubles them, up to eight
            times the width.

    Raises:
        ValueError: the image is too small for a verdict.

    Reference: Image-to-Image Translation with Conditional Adversarial Networks (Isola et al.,
    2017), arXiv:1611.07004
    """

    def __init__(self, shape: ImageShape, width: int) -> None:
        super().__init__()
        size = (shape[1], shape[2])
        if min(size) < _SMALLEST:
            raise ValueError(f"images of {size[0]}x{size[1]} are too small for a critic")
        layers: list[nn.Module] = []
        channels = shape[0]
        for level in range(_DOWNSAMPLINGS):
            if min(halve(size)) < _SMALLEST:
                break
            size, wider = halve(size), width * 2**level
            layers += _make_layer(channels, wider, stride=2, normalised=level > 0)
            channels = wider
        wider = min(2 * channels, 8 * width) if layers else width
        layers += _make_layer(channels, wider, stride=1, normalised=bool(layers))
        self.verdicts = nn.Sequential(*layers, nn.Conv2d(wider, 1, 4, padding=1))

    def forward(self, images: Images) -> Float[Tensor, "images 1 rows columns"]:
        verdicts: Tensor = self.verdicts(images)
        return verdicts


def _make_layer(inputs: int, outputs: int, *, stride: int, normalised: bool) -> list[nn.Module]:
    convolution = nn.Conv2d(inputs, outputs, 4, stride=stride, padding=1)
    norm: list[nn.Module] = [nn.BatchNorm2d(outputs)] if normalised else []
    return [convolution, *norm, nn.LeakyReLU(_SLOPE)]
