"""A dataset as stages see it."""

from collections.abc import Callable
from dataclasses import dataclass

from samplebench.contracts.dataset import Bytes, Split


@dataclass(frozen=True)
class Data:
    """Both splits of a dataset, and the digest of their content.

    Attributes:
        map_train: maps the training images from disk anew, so that a reader can write into its
            mapping, and into nobody else's.
    """

    fingerprint: str
    train: Split
    test: Split
    map_train: Callable[[], Bytes]

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Channels, height and width."""
        channels, height, width = self.train.images.shape[1:]
        return channels, height, width
