"""Feature extractors: maps from samples to the vectors that metrics compare."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor, nn

from samplebench.contracts.dataset import Samples, Split


class FeatureExtractor(nn.Module, ABC):
    """A map from samples to vectors. Factory: ``factory(shape, **settings)``.

    ``shape`` is that of one sample. A factory that does not take it raises ``ValueError`` with the
    reason, as ``require_image`` does.

    It is fitted once for a dataset and cached. ``features`` depends on its parameters and buffers
    alone; their digest is recorded with each score that used them.
    """

    batch: ClassVar[int] = 256
    """The number of samples in one call of ``features``."""

    width: int | None = None
    """The number of features, where it is known before ``fit``."""

    @property
    def titles(self) -> Mapping[str, str]:
        """The established names of metrics in these features, by the metric's title.

        ``{"FD": "FID"}`` for Inception's features. Other metrics keep their titles.
        """
        return {}

    @property
    def facts(self) -> Mapping[str, float]:
        """Numbers about the fitted extractor for the reader, such as its held-out accuracy."""
        return {}

    @property
    def files(self) -> tuple[Path, ...]:
        """Files that ``fit`` reads. A change of their content is noticed."""
        return ()

    def fetch(self) -> tuple[Path, ...]:
        """Download the files that ``fit`` would download, and return where they lie.

        Files that are there are verified and left as they are. Nothing by default.

        Raises:
            WeightsMissing: a file is absent and cannot be downloaded, or is not the right one; the
            message says from where it comes and where it belongs.
        """
        return ()

    @abstractmethod
    def fit(self, train: Split) -> None:
        """Learn from training samples, if there is anything to learn.

        The samples are on the extractor's device.
        """

    @abstractmethod
    def features(self, samples: Samples) -> Float[Tensor, "samples features"]:
        """Compute one vector per sample. Images are in [0, 1], in multiples of 1/255."""
