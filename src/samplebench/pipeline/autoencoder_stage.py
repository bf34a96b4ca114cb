"""The stage of autoencoders: each is trained once per data, settings and seed, with its latents.

What comes of it is kept in the workspace under everything that decided it.
"""

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path

import torch

from samplebench.autoencoder_training import train_autoencoder
from samplebench.contracts.autoencoder import Autoencoder
from samplebench.contracts.dataset import Bytes
from samplebench.contracts.latents import Latents
from samplebench.contracts.metric import Cost
from samplebench.pipeline.checkpoint import load_checkpoint
from samplebench.pipeline.coding import as_images, encode
from samplebench.pipeline.grid import Cell
from samplebench.pipeline.measuring import measured
from samplebench.pipeline.setup import Setup, platform_of
from samplebench.pipeline.suite import Suite
from samplebench.pipeline.workspace import (
    Data,
    Workspace,
    key_of,
    load_latents,
    load_weights,
    read_json,
    save_latents,
    save_weights,
    write_json,
)
from samplebench.randomness import seeded
from samplebench.training import Budget, Progress

Report = Callable[[Progress], None]


@dataclasses.dataclass(frozen=True)
class Trained:
    """A trained autoencoder with the latents of both splits, and what making them cost."""

    autoencoder: Autoencoder
    train: Latents
    test: Latents
    costs: Mapping[str, Cost]


def trained_artefact(cell: Cell, suite: Suite, data: Data, setup: Setup, report: Report) -> Path:
    """The artefact of the cell's autoencoder: weights, latents of both splits, and costs.

    Raises:
        TrainingDiverged: the loss stopped being finite.
        BadCheckpoint: the weights that were to be loaded do not fit.
    """
    key = key_of(
        {
            "data": data.fingerprint,
            "autoencoder": cell.autoencoder.part.name,
            "settings": cell.autoencoder.settings,
            "code": cell.autoencoder.code,
            "training": str(setup.checkpoint or suite.training),
            "images": suite.counts.train,
            "reference": suite.counts.reference,
            "seed": cell.seed,
            **platform_of(setup),
        }
    )
    return Workspace(setup.workspace).artefact(
        "autoencoders", key, lambda folder: _make(folder, cell, suite, data, setup, report)
    )


def _make(
    folder: Path, cell: Cell, suite: Suite, data: Data, setup: Setup, report: Report
) -> None:
    """Train or load, encode, and leave everything in ``folder``."""
    device = torch.device(setup.device)
    images = data.train.images[: suite.counts.train]
    reference = data.test.images[: suite.counts.reference]
    autoencoder = _initial(cell, data).to(device)
    with measured(device, len(images)) as training:
        if setup.checkpoint:
            load_checkpoint(autoencoder, setup.checkpoint)
        else:
            fit(autoencoder, images, suite, cell.seed, device, report)
    autoencoder.eval()
    with measured(device, len(images) + len(reference)) as encoding:
        latents = {
            "train": encode(autoencoder, images, device),
            "test": encode(autoencoder, reference, device),
        }
    save_weights(folder / "weights.safetensors", autoencoder.state_dict())
    save_latents(folder / "latents.safetensors", **latents)
    costs = {"train": training(), "encode": encoding()}
    write_json(
        folder / "about.json",
        {
            "autoencoder": str(cell.autoencoder),
            "settings": cell.autoencoder.settings,
            "image_shape": images.shape[1:],
            "costs": {stage: dataclasses.asdict(cost) for stage, cost in costs.items()},
        },
    )


def fit(
    autoencoder: Autoencoder,
    images: Bytes,
    suite: Suite,
    seed: int,
    device: torch.device,
    report: Report,
) -> None:
    """Train on 8-bit images as the suite says, drawing what this seed draws."""
    budget = Budget(**suite.training.model_dump())
    with seeded(seed, "train"):
        train_autoencoder(autoencoder, images.to(device), budget, prepare=as_images, report=report)


def load_trained(artefact: Path, cell: Cell, data: Data, device: torch.device) -> Trained:
    """What ``trained_artefact`` left."""
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


def _initial(cell: Cell, data: Data) -> Autoencoder:
    with seeded(cell.seed, "initialise"):
        autoencoder: Autoencoder = cell.autoencoder.build(tuple(data.train.images.shape[1:]))
    return autoencoder
