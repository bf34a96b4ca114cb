"""Datasets: samples in two splits that share none. Samples are images, or arrays of any shape."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import torch
from jaxtyping import Float, Int64, Shaped, UInt8
from torch import Tensor

Shape = tuple[int, ...]
"""The shape of one sample: ``(channels, height, width)`` is an image, any other an array."""

ImageShape = tuple[int, int, int]
"""Channels, height, width."""

Images = Float[Tensor, "samples channels height width"]
"""Images in [0, 1]."""

Bytes = UInt8[Tensor, "samples channels height width"]
"""Images as 8-bit values, as datasets store them."""

Samples = Float[Tensor, "samples ..."]
"""Samples of any shape as parts see them: images in [0, 1], or arrays as they are."""

Stored = Shaped[Tensor, "_ ..."]
"""Samples as datasets store them: ``Bytes``, or arrays as float32."""

_IMAGE_AXES = 3


@dataclass(frozen=True, eq=False)
class Split:
    """The samples of one split, with their labels if it has labels.

    ``samples`` is uint8 (samples, channels, height, width) for images. For arrays it is float32
    (samples, *shape) and finite, with any shape that has not three axes. ``labels`` is int64
    (samples,) or ``None``.

    Raises:
        ValueError: a tensor has the wrong type or shape, there is no sample, a number is not
            finite, or the number of labels differs from the number of samples.
    """

    samples: Stored
    labels: Int64[Tensor, " samples"] | None = None

    def __post_init__(self) -> None:
        samples = self.samples
        if samples.dtype != _type_of(tuple(samples.shape[1:])) or samples.ndim < 2:
            raise ValueError(
                "a split's samples are images, uint8 (samples, channels, height, width), or "
                "arrays, float32 (samples, *shape) with a shape of one, two, four or more axes, "
                f"not {samples.dtype} {tuple(samples.shape)}"
            )
        if samples.numel() == 0:
            raise ValueError("a split needs at least one sample, with at least one number")
        if samples.is_floating_point() and not bool(samples.isfinite().all()):
            raise ValueError("a split's samples must be finite, and some are NaN or infinite")
        if self.labels is not None and (
            self.labels.dtype != torch.int64 or self.labels.shape != samples.shape[:1]
        ):
            raise ValueError(
                f"{len(samples)} samples need int64 labels ({len(samples)},), "
                f"not {self.labels.dtype} {tuple(self.labels.shape)}"
            )

    def __len__(self) -> int:
        return len(self.samples)


def is_image(shape: Shape) -> bool:
    """True if samples of this shape are images: channels, height and width."""
    return len(shape) == _IMAGE_AXES


def require_image(shape: Shape) -> ImageShape:
    """Return the shape, if it is that of images. For factories of parts that take images alone.

    Raises:
        ValueError: it is not.
    """
    if not is_image(shape):
        raise ValueError(f"takes images, and these samples are {describe_shape(shape)}")
    channels, height, width = shape
    return channels, height, width


def describe_shape(shape: Shape) -> str:
    """Name samples of a shape for people: ``images 1×28×28``, ``arrays 12``."""
    return f"{'images' if is_image(shape) else 'arrays'} {'×'.join(map(str, shape))}"


def as_floats(stored: Stored) -> Samples:
    """Convert samples to what parts see: 8-bit images to floats in [0, 1], arrays as they are."""
    return stored.float() / 255 if stored.dtype == torch.uint8 else stored


def count_shared(train: Split, test: Split) -> int:
    """Count the samples of ``test`` that are in ``train`` too, byte for byte."""
    known = set(_digest_samples(train))
    return sum(digest in known for digest in _digest_samples(test))


def _type_of(shape: Shape) -> torch.dtype:
    return torch.uint8 if is_image(shape) else torch.float32


def _digest_samples(split: Split) -> Iterator[bytes]:
    for sample in split.samples.contiguous().numpy():
        yield blake2b(sample, digest_size=16).digest()


class Dataset(ABC):
    """A source of samples. Factory: ``factory(data_dir, **settings)``.

    ``data_dir`` is a ``pathlib.Path``, the folder in which datasets keep their files. The
    constructor reads nothing; ``train`` and ``test`` read, and raise ``DataMissing`` if a file is
    absent.
    """

    shape: Shape
    """The shape of one sample: ``(channels, height, width)`` for images, any other for arrays.

    Known before samples are read. A property may look it up in the header of a file, and raises
    ``DataMissing`` if that is absent.
    """

    may_repeat: bool = False
    """True if a sample in both splits is no leak: equal codes, or counts, of different things."""

    @abstractmethod
    def train(self) -> Split:
        """Read the samples that models learn from."""

    @abstractmethod
    def test(self) -> Split:
        """Read the held-out samples. None of them is in ``train``, unless it ``may_repeat``."""

    def fetch(self) -> tuple[Path, ...]:
        """Download the files that ``train`` and ``test`` would download; return where they lie.

        Files that are there are verified and left as they are. Nothing by default.

        Raises:
            DataMissing: a file is absent and cannot be downloaded, or is damaged; the message says
            from where it comes and where it belongs.
        """
        return ()
