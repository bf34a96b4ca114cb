"""Feature extractors: the space in which images are compared."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor, nn

from samplebench.contracts.dataset import Images, Split


class FeatureExtractor(nn.Module, ABC):
    """Maps images to vectors. Factory: ``factory(image_shape, **settings)``.

    Fitted once for a dataset and kept; its parameters and buffers are all that ``features``
    depends on, and their digest is written beside each figure that used them.
    """

    batch: ClassVar[int] = 256
    """Images a call of ``features`` should get."""

    @property
    def titles(self) -> Mapping[str, str]:
        """What the field calls a metric in these features:

        ``{"FD": "FID"}`` for Inception's. Others stay as they are.
        """
        return {}

    @property
    def facts(self) -> Mapping[str, float]:
        """What a reader must know of the fitted extractor, such as its held-out accuracy."""
        return {}

    @property
    def files(self) -> tuple[Path, ...]:
        """Files that ``fit`` reads. A change of their content is noticed."""
        return ()

    @abstractmethod
    def fit(self, train: Split) -> None:
        """Learn from training images, if there is anything to learn.

        They are on the device that the extractor is on.
        """

    @abstractmethod
    def features(self, images: Images) -> Float[Tensor, "samples features"]:
        """One vector an image, for images in [0, 1] that are multiples of 1/255."""
