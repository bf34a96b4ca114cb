"""The stage of feature extractors: each is fitted once a dataset and kept in the workspace."""

import dataclasses
from pathlib import Path

import torch
from torch import Tensor

from samplebench.contracts.dataset import Images, Split
from samplebench.contracts.features import FeatureExtractor
from samplebench.pipeline.coding import as_images
from samplebench.pipeline.setup import Setup, platform_of
from samplebench.pipeline.suite import Suite
from samplebench.pipeline.workspace import (
    Data,
    Workspace,
    digest_of_tensors,
    key_of,
    load_weights,
    save_weights,
)
from samplebench.randomness import seeded
from samplebench.registry.registry import Chosen


@dataclasses.dataclass(frozen=True)
class Reference:
    """A fitted extractor, its features of the held-out images, and the digest of its weights."""

    extractor: FeatureExtractor
    test: Tensor
    weights: str


def fit_features(features: Chosen, suite: Suite, data: Data, setup: Setup) -> Path:
    """The artefact of a feature extractor: weights, and features of the held-out images."""
    key = key_of(
        {
            "data": data.fingerprint,
            "features": features.part.name,
            "settings": features.settings,
            "code": features.code,
            "reference": suite.counts.reference,
            **platform_of(setup),
        }
    )

    def make(folder: Path) -> None:
        device = torch.device(setup.device)
        extractor = _extractor(features, data).to(device)
        labels = data.train.labels
        train = Split(data.train.images.to(device), None if labels is None else labels.to(device))
        with seeded(0, "features"):
            extractor.fit(train)
        extractor.to(device).eval()
        images = as_images(data.test.images[: suite.counts.reference])
        save_weights(folder / "weights.safetensors", extractor.state_dict())
        save_weights(folder / "test.safetensors", {"test": extract(extractor, images.to(device))})

    return Workspace(setup.workspace).artefact("features", key, make)


def load_reference(
    artefact: Path, features: Chosen, data: Data, device: torch.device
) -> Reference:
    """What ``fit_features`` left."""
    extractor = _extractor(features, data)
    weights = load_weights(artefact / "weights.safetensors")
    extractor.load_state_dict(weights)
    extractor.to(device).eval()
    test = load_weights(artefact / "test.safetensors")["test"].to(device)
    return Reference(extractor, test, digest_of_tensors(weights))


def extract(extractor: FeatureExtractor, images: Images) -> Tensor:
    """Features (samples, width), in batches. Images count as they would be saved, in 8 bits."""
    with torch.no_grad():
        return torch.cat(
            [
                extractor.features(batch.mul(255).round().div(255))
                for batch in torch.split(images, extractor.batch)
            ]
        )


def _extractor(features: Chosen, data: Data) -> FeatureExtractor:
    with seeded(0, "features"):
        built: FeatureExtractor = features.build(tuple(data.train.images.shape[1:]))
    return built
