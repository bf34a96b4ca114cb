"""The perceptual distance of images, in the features of a pretrained network."""

from functools import cached_property

import torch
from torch import Tensor

from samplebench.contracts.dataset import Images, ImageShape
from samplebench.errors import WeightsMissing

_SMALLEST = 16  # pixels, for the four downsamplings of the network


class PerceptualDistance:
    """LPIPS on VGG-16, by torch-fidelity: weighted squared differences of normalised features.

    It reads two files in torch hub's checkpoint folder, and downloads the missing ones:
    torchvision's VGG-16 and the weights of LPIPS. They are read on first use, because only
    training needs them, and are saved in no checkpoint. Grey images are repeated to three
    channels.

    Raises:
        ValueError: images do not have one or three channels, or are smaller than 16 pixels.
        WeightsMissing: on first use, if a file is missing and cannot be downloaded, or has other
            content.

    Reference: The Unreasonable Effectiveness of Deep Features as a Perceptual Metric (Zhang et
    al., 2018), arXiv:1801.03924
    """

    def __init__(self, shape: ImageShape) -> None:
        channels, *size = shape
        if channels not in (1, 3) or min(size) < _SMALLEST:
            raise ValueError(
                f"a perceptual term takes images of 1 or 3 channels and {_SMALLEST} pixels or "
                f"more, not {shape}"
            )

    @cached_property
    def network(self) -> torch.nn.Module:
        """The LPIPS network with its weights, loaded on first use."""
        return _load_lpips()

    def __call__(self, reconstructions: Images, images: Images) -> Tensor:
        """Compute the mean distance of pairs, differentiable in both."""
        self.network.to(images.device)
        pair = (255 * batch.expand(-1, 3, -1, -1) for batch in (reconstructions, images))
        distances: Tensor = self.network(*pair)
        return distances.mean()


def _load_lpips() -> torch.nn.Module:
    from torch_fidelity import sample_similarity_lpips as source
    from torchvision.models import VGG16_Weights

    try:
        network: torch.nn.Module = source.SampleSimilarityLPIPS("lpips")
    except (OSError, RuntimeError) as error:  # no connection, or an unexpected file
        raise WeightsMissing(
            f"a perceptual term needs the weights of VGG-16 and of LPIPS in "
            f"{torch.hub.get_dir()}/checkpoints, and loading them failed ({error}). Download "
            f"{VGG16_Weights.IMAGENET1K_V1.url} and {source.URL_VGG16_LPIPS} on another machine "
            "and put both into that folder, or leave perceptual at 0."
        ) from error
    return network
