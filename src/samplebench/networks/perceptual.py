"""How unlike two images look, told by the features of a network that was trained on others."""

from functools import cached_property

import torch
from torch import Tensor

from samplebench.contracts.dataset import Images
from samplebench.errors import WeightsMissing
from samplebench.networks.sizes import ImageShape

_SMALLEST = 16  # pixels that the network halves four times


class PerceptualDistance:
    """LPIPS on VGG-16, by torch-fidelity: squared differences of normalised features, weighed.

    It needs two files in torch hub's checkpoint folder, and downloads what is not there:
    torchvision's VGG-16 and the weights of LPIPS. They are read on first use: only training needs
    them. It is no part of the autoencoder: no checkpoint holds it. Grey images are repeated to
    three channels.

    Raises:
        ValueError: images of other channels than one or three, or below 16 pixels.
        WeightsMissing: on first use, a file is not there and cannot be downloaded, or holds
            something else.

    Reference: The Unreasonable Effectiveness of Deep Features as a Perceptual Metric (Zhang et
    al., 2018), arXiv:1801.03924
    """

    def __init__(self, image_shape: ImageShape) -> None:
        channels, *size = image_shape
        if channels not in (1, 3) or min(size) < _SMALLEST:
            raise ValueError(
                f"a perceptual term takes images of 1 or 3 channels and {_SMALLEST} pixels or "
                f"more, not {image_shape}"
            )

    @cached_property
    def network(self) -> torch.nn.Module:
        """LPIPS with its weights."""
        return _lpips()

    def __call__(self, shown: Images, images: Images) -> Tensor:
        """The mean distance of pairs, differentiable in both."""
        self.network.to(images.device)
        pair = (255 * some.expand(-1, 3, -1, -1) for some in (shown, images))
        distances: Tensor = self.network(*pair)
        return distances.mean()


def _lpips() -> torch.nn.Module:
    from torch_fidelity import sample_similarity_lpips as source
    from torchvision.models import VGG16_Weights

    try:
        network: torch.nn.Module = source.SampleSimilarityLPIPS("lpips")
    except (OSError, RuntimeError) as error:  # no network, or another file than expected
        raise WeightsMissing(
            f"a perceptual term needs the weights of VGG-16 and of LPIPS in "
            f"{torch.hub.get_dir()}/checkpoints, and loading them failed ({error}). Download "
            f"{VGG16_Weights.IMAGENET1K_V1.url} and {source.URL_VGG16_LPIPS} on another machine "
            "and put both there, or leave perceptual at 0."
        ) from error
    return network
