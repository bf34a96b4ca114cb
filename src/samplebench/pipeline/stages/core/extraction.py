"""Fitting a feature extractor, and the features of samples."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from samplebench.contracts.answers import check_features
from samplebench.contracts.dataset import Samples, Split, Stored, as_floats, is_image
from samplebench.contracts.features import FeatureExtractor
from samplebench.randomness import seeded


@dataclass(frozen=True)
class FittedExtractor:
    """An extractor with its features of the held-out samples, and the digest of its weights."""

    extractor: FeatureExtractor
    test: Tensor
    weights: str


def build_extractor(build: Callable[[], FeatureExtractor]) -> FeatureExtractor:
    """An extractor before it is fitted: the same each time."""
    with seeded(0, "features"):
        return build()


def fit_extractor(
    extractor: FeatureExtractor, *, train: Split, test: Stored, device: torch.device
) -> Tensor:
    """Fit an extractor to a training split; its features of the stored samples ``test``."""
    extractor.to(device)
    labels = None if train.labels is None else train.labels.to(device)
    with seeded(0, "features"):
        extractor.fit(Split(train.samples.to(device), labels))
    extractor.to(device).eval()
    return extract(extractor, as_floats(test).to(device))


def extract(extractor: FeatureExtractor, samples: Samples) -> Tensor:
    """Features (samples, width), in batches. Images count as they would be saved, in 8 bits.

    Raises:
        BadAnswer: they are not one finite vector for each sample.
    """
    shape, extracted = tuple(samples.shape[1:]), []
    with torch.no_grad():
        for batch in torch.split(samples, extractor.batch):
            given = batch.mul(255).round().div(255) if is_image(shape) else batch.clone()
            extracted.append(check_features(extractor.features(given), samples=batch).clone())
    return torch.cat(extracted)
