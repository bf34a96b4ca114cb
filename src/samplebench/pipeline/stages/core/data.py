"""A dataset as stages see it."""

from dataclasses import dataclass

from samplebench.contracts.dataset import Split


@dataclass(frozen=True)
class Data:
    """Both splits of a dataset, and the digest of their content."""

    fingerprint: str
    train: Split
    test: Split

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Channels, height and width."""
        channels, height, width = self.train.images.shape[1:]
        return channels, height, width
