"""Datasets: images in two splits without a common image."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b

import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor

Images = Float[Tensor, "samples channels height width"]
"""Images in [0, 1]."""

Bytes = UInt8[Tensor, "samples channels height width"]
"""Images as 8-bit values, as datasets store them."""


@dataclass(frozen=True, eq=False)
class Split:
    """The images of one split, with their labels if it has labels.

    ``images`` is uint8 (samples, channels, height, width), ``labels`` int64 (samples,) or
    ``None``.

    Raises:
        ValueError: a tensor has the wrong type or shape, there is no image, or the number of
            labels differs from the number of images.
    """

    images: Bytes
    labels: Int64[Tensor, " samples"] | None = None

    def __post_init__(self) -> None:
        if self.images.dtype != torch.uint8 or self.images.ndim != 4:
            raise ValueError(
                "a split's images are uint8 (samples, channels, height, width), "
                f"not {self.images.dtype} {tuple(self.images.shape)}"
            )
        if len(self.images) == 0:
            raise ValueError("a split needs at least one image")
        if self.labels is not None and (
            self.labels.dtype != torch.int64 or self.labels.shape != self.images.shape[:1]
        ):
            raise ValueError(
                f"{len(self.images)} images need int64 labels ({len(self.images)},), "
                f"not {self.labels.dtype} {tuple(self.labels.shape)}"
            )

    def __len__(self) -> int:
        return len(self.images)


def count_shared(train: Split, test: Split) -> int:
    """Count the images of ``test`` that are in ``train`` too, byte for byte."""
    known = set(_digest_images(train))
    return sum(digest in known for digest in _digest_images(test))


def _digest_images(split: Split) -> Iterator[bytes]:
    for image in split.images.contiguous().numpy():
        yield blake2b(image, digest_size=16).digest()


class Dataset(ABC):
    """A source of images. Factory: ``factory(data_dir, **settings)``.

    ``data_dir`` is a ``pathlib.Path``, the folder in which datasets keep their files. The
    constructor reads nothing; ``train`` and ``test`` read, and raise ``DataMissing`` if a file is
    absent.
    """

    image_shape: tuple[int, int, int]
    """Channels, height, width; known before any file is read."""

    @abstractmethod
    def train(self) -> Split:
        """Read the images that models learn from."""

    @abstractmethod
    def test(self) -> Split:
        """Read the held-out images. None of them is in ``train``."""
