"""A critic that judges an image patch by patch."""

from jaxtyping import Float
from torch import Tensor, nn

from samplebench.contracts.dataset import Images
from samplebench.networks.sizes import ImageShape, halved

_MOST_HALVINGS = 3
_SMALLEST = 3  # pixels that the two last convolutions, each one smaller, turn into one verdict
_SLOPE = 0.2


class PatchCritic(nn.Module):
    """PatchGAN: convolutions of width 4, up to three of them halving the image, to a map of
    verdicts, each on the patch that it sees; high for images.

    Small images are halved less often. Batches are normalised, as in the paper: in training mode,
    what else is in the batch counts.

    Args:
        image_shape: channels, height, width.
        width: channels after the first convolution; they double with each further one, up to
            eight times.

    Raises:
        ValueError: the image is too small for any verdict.

    Reference: Image-to-Image Translation with Conditional Adversarial Networks (Isola et al.,
    2017), arXiv:1611.07004
    """

    def __init__(self, image_shape: ImageShape, width: int) -> None:
        super().__init__()
        size = (image_shape[1], image_shape[2])
        if min(size) < _SMALLEST:
            raise ValueError(f"images of {size[0]}x{size[1]} are too small for a critic")
        layers: list[nn.Module] = []
        channels = image_shape[0]
        for level in range(_MOST_HALVINGS):
            if min(halved(size)) < _SMALLEST:
                break
            size, wider = halved(size), width * 2**level
            layers += _layer(channels, wider, stride=2, normalised=level > 0)
            channels = wider
        wider = min(2 * channels, 8 * width) if layers else width
        layers += _layer(channels, wider, stride=1, normalised=bool(layers))
        self.verdicts = nn.Sequential(*layers, nn.Conv2d(wider, 1, 4, padding=1))

    def forward(self, images: Images) -> Float[Tensor, "images 1 rows columns"]:
        verdicts: Tensor = self.verdicts(images)
        return verdicts


def _layer(channels: int, wider: int, *, stride: int, normalised: bool) -> list[nn.Module]:
    convolution = nn.Conv2d(channels, wider, 4, stride=stride, padding=1)
    norm: list[nn.Module] = [nn.BatchNorm2d(wider)] if normalised else []
    return [convolution, *norm, nn.LeakyReLU(_SLOPE)]
