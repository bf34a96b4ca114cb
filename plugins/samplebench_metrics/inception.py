"""Inception's features, in which a Fréchet distance is called FID."""

from collections.abc import Mapping
from pathlib import Path
from textwrap import shorten

import torch
from jaxtyping import Float
from torch import Tensor

from samplebench import FeatureExtractor, Images, Shape, Split, WeightsMissing, require_image
from samplebench_metrics.inception_weights import inception_weights
from samplebench_metrics.published_weights import read_weights


class Inception(FeatureExtractor):
    """The 2,048 features of torch-fidelity's InceptionV3, with its own resize to 299 × 299.

    Grey images are repeated to three channels. The weights are the file ``weights`` if it is
    given; else torch-fidelity's official file, from torch hub's checkpoint folder or that of
    SAMPLEBENCH_SITE_DATA, or downloaded. A distance is called FID only with the official weights,
    which are recognised by their SHA-256.

    Args:
        weights: a file of weights; "" for the official one.

    Raises:
        WeightsMissing: in ``fit``: there is no such file, it cannot be downloaded, or it holds
        something else.

    Reference: Rethinking the Inception Architecture for Computer Vision (Szegedy et al., 2015),
    arXiv:1512.00567.
    """

    batch = 16  # faster than larger ones on a CPU
    width = 2048

    official: Tensor

    def __init__(self, shape: Shape, weights: str = "") -> None:
        from samplebench_metrics.inception_network import InceptionNetwork  # a second to import

        super().__init__()
        if (channels := require_image(shape)[0]) not in (1, 3):
            raise ValueError(f"takes images of 1 or 3 channels, not {channels}")
        self.weights = weights
        self.network = InceptionNetwork()
        self.register_buffer("official", torch.tensor(False))

    @property
    def titles(self) -> Mapping[str, str]:
        return {"FD": "FID", "rFD": "rFID"} if self.official else {}

    @property
    def files(self) -> tuple[Path, ...]:
        if self.weights:
            return (Path(self.weights).expanduser(),)
        return (inception_weights().locate(),)

    def fetch(self) -> tuple[Path, ...]:
        return (inception_weights().find(self.weights),)

    def fit(self, train: Split) -> None:
        published = inception_weights()
        file = published.find(self.weights)
        weights = read_weights(file)
        try:
            self.network.load_state_dict(weights)
        except RuntimeError as error:  # its message may name hundreds of tensors
            raise WeightsMissing(
                f"{file} does not hold the weights of torch-fidelity's InceptionV3: "
                f"{shorten(str(error), 300)}"
            ) from error
        self.official.fill_(published.is_official(file))

    @torch.no_grad()
    def features(self, images: Images) -> Float[Tensor, "samples features"]:
        coloured = images.expand(-1, 3, -1, -1)
        features: Tensor
        (features,) = self.network((255 * coloured).round().clamp(0, 255).to(torch.uint8))
        return features
