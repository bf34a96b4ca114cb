"""The stages before a cell: data, feature extractors, and trained autoencoders with their latents.

Each is made once, in a child of its own, and kept in the workspace under everything that made it.
"""

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from samplebench.contracts.autoencoder import AdversarialAutoencoder, Autoencoder
from samplebench.contracts.dataset import Bytes, Images
from samplebench.contracts.features import FeatureExtractor
from samplebench.contracts.latents import Latents
from samplebench.contracts.metric import Cost
from samplebench.errors import BadCheckpoint
from samplebench.pipeline.measuring import measured
from samplebench.pipeline.plan import Cell
from samplebench.pipeline.setup import Setup, harness_code
from samplebench.pipeline.suite import Suite
from samplebench.pipeline.workspace import (
    Data,
    Workspace,
    digest_of_tensors,
    key_of,
    load_latents,
    load_weights,
    read_json,
    save_latents,
    save_weights,
    write_json,
)
from samplebench.randomness import seeded
from samplebench.registry.registry import Chosen
from samplebench.training import Budget, Critic, Progress, train

_BATCH = 500  # images encoded or decoded at a time

Report = Callable[[Progress], None]


def as_images(batch: Bytes) -> Images:
    """8-bit images as floats in [0, 1]."""
    return batch.float() / 255


def encode(autoencoder: Autoencoder, images: Bytes, device: torch.device) -> Latents:
    """The latents of 8-bit images, in batches, on ``device``."""
    with torch.no_grad():
        return Latents.join(
            [
                autoencoder.encode(as_images(batch.to(device)))
                for batch in torch.split(images, _BATCH)
            ]
        )


def decode(autoencoder: Autoencoder, latents: Latents) -> Images:
    """The images of latents, in batches, where the latents are; values are kept within [0, 1]."""
    with torch.no_grad():
        batches = [
            autoencoder.decode(latents[start : start + _BATCH]).clamp(0, 1)
            for start in range(0, len(latents), _BATCH)
        ]
    return torch.cat(batches)


@dataclasses.dataclass(frozen=True)
class Trained:
    """A trained autoencoder with the latents of both splits, and what making them cost."""

    autoencoder: Autoencoder
    train: Latents
    test: Latents
    costs: Mapping[str, Cost]


def train_autoencoder(cell: Cell, suite: Suite, data: Data, setup: Setup, report: Report) -> Path:
    """The artefact of the cell's autoencoder: weights, latents of both splits, and costs.

    Raises:
        TrainingDiverged: the loss stopped being finite.
        BadCheckpoint: the weights that were to be loaded do not fit.
    """
    key = key_of(
        {
            "data": data.fingerprint,
            "autoencoder": cell.autoencoder.key,
            "code": cell.autoencoder.part.plugin.code,
            "training": str(setup.checkpoint or suite.training),
            "seed": cell.seed,
            **_platform(setup),
        }
    )

    def make(folder: Path) -> None:
        device = torch.device(setup.device)
        autoencoder = _initial(cell, data).to(device)
        with measured(device, len(data.train)) as training:
            if setup.checkpoint:
                _load_checkpoint(autoencoder, setup.checkpoint)
            else:
                _fit_autoencoder(autoencoder, data, suite, cell.seed, device, report)
        autoencoder.eval()
        with measured(device, len(data.train) + len(data.test)) as encoding:
            latents = {
                "train": encode(autoencoder, data.train.images, device),
                "test": encode(autoencoder, _reference(data, suite), device),
            }
        save_weights(folder / "weights.safetensors", autoencoder.state_dict())
        save_latents(folder / "latents.safetensors", **latents)
        costs = {"train": training(), "encode": encoding()}
        write_json(
            folder / "about.json",
            {
                "autoencoder": str(cell.autoencoder),
                "settings": cell.autoencoder.settings,
                "image_shape": data.train.images.shape[1:],
                "costs": {stage: dataclasses.asdict(cost) for stage, cost in costs.items()},
            },
        )

    return Workspace(setup.workspace).artefact("autoencoders", key, make)


def load_trained(artefact: Path, cell: Cell, data: Data, device: torch.device) -> Trained:
    """What ``train_autoencoder`` left."""
    autoencoder = _initial(cell, data)
    autoencoder.load_state_dict(load_weights(artefact / "weights.safetensors"))
    autoencoder.to(device).eval()
    latents = load_latents(artefact / "latents.safetensors", autoencoder.latent_space, device)
    costs = read_json(artefact / "about.json")["costs"]
    return Trained(
        autoencoder,
        latents["train"],
        latents["test"],
        {stage: Cost(**cost) for stage, cost in costs.items()},
    )


def _reference(data: Data, suite: Suite) -> Bytes:
    """The held-out images that this suite compares with."""
    return data.test.images[: suite.counts.reference]


def _initial(cell: Cell, data: Data) -> Autoencoder:
    with seeded(cell.seed, "initialise"):
        autoencoder: Autoencoder = cell.autoencoder.build(tuple(data.train.images.shape[1:]))
    return autoencoder


def _fit_autoencoder(
    autoencoder: Autoencoder,
    data: Data,
    suite: Suite,
    seed: int,
    device: torch.device,
    report: Report,
) -> None:
    critic = (
        Critic(autoencoder.critic_parameters(), autoencoder.critic_loss)
        if isinstance(autoencoder, AdversarialAutoencoder)
        else None
    )
    with seeded(seed, "train"):
        train(
            autoencoder,
            autoencoder.loss_terms,
            data.train.images.to(device),
            Budget(**suite.training.model_dump()),
            prepare=as_images,
            critic=critic,
            report=report,
        )


def _load_checkpoint(autoencoder: Autoencoder, path: Path) -> None:
    try:
        tensors = load_weights(path)
    except ValueError as error:
        raise BadCheckpoint(
            f"--checkpoint: {error}; a checkpoint is a safetensors file of the weights"
        ) from error
    wanted = autoencoder.state_dict()
    problems = [
        *(
            f"{name} is {tuple(tensors[name].shape)} instead of {tuple(wanted[name].shape)}"
            for name in sorted(wanted.keys() & tensors.keys())
            if tensors[name].shape != wanted[name].shape
        ),
        *(f"{name} is missing" for name in sorted(wanted.keys() - tensors.keys())),
        *(f"{name} is not part of it" for name in sorted(tensors.keys() - wanted.keys())),
    ]
    if problems:
        shown = "; ".join(problems[:3]) + ("; …" if len(problems) > 3 else "")
        raise BadCheckpoint(
            f"{path} does not hold this autoencoder's weights: {shown}. "
            "Give the settings that it was trained with, such as --autoencoder 'ae(latent=16)'."
        )
    autoencoder.load_state_dict(tensors)


@dataclasses.dataclass(frozen=True)
class Reference:
    """A fitted extractor, its features of the held-out images, and the digest of its weights."""

    extractor: FeatureExtractor
    test: Tensor
    weights: str


def fit_features(features: Chosen, suite: Suite, data: Data, setup: Setup, report: Report) -> Path:
    """The artefact of a feature extractor: weights, and features of the held-out images."""
    del report  # an extractor tells nothing of its training
    key = key_of(
        {
            "data": data.fingerprint,
            "features": features.part.name,
            "settings": features.settings,
            "code": features.part.plugin.code,
            "reference": suite.counts.reference,
            **_platform(setup),
        }
    )

    def make(folder: Path) -> None:
        device = torch.device(setup.device)
        extractor = _extractor(features, data)
        extractor.to(device)
        with seeded(0, "features"):
            extractor.fit(data.train)
        extractor.eval()
        images = as_images(_reference(data, suite))
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


def _platform(setup: Setup) -> dict[str, Any]:
    """What decides bits beside the parts."""
    return {
        "device": torch.device(setup.device).type,
        "threads": setup.threads,
        "torch": torch.__version__,
        "harness": harness_code(),
    }
