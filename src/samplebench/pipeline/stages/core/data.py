"""A dataset as stages see it."""

from collections.abc import Callable
from dataclasses import dataclass

from samplebench.contracts.dataset import Shape, Split, Stored


@dataclass(frozen=True)
class Data:
    """Both splits of a dataset, and the digest of their content.

    Attributes:
        map_train: maps the training samples from disk anew, so that a reader can write into its
            mapping, and into nobody else's.
    """

    fingerprint: str
    train: Split
    test: Split
    map_train: Callable[[], Stored]

    @property
    def shape(self) -> Shape:
        """The shape of one sample."""
        return tuple(self.train.samples.shape[1:])
