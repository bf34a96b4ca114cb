"""Training one autoencoder for a checkpoint, as a run trains it for its cells.

Data, seeds and workspace are those of a run: one that trained the same has trained it here.
"""

from pathlib import Path
from typing import Any

import torch

from samplebench.contracts.dataset import Bytes
from samplebench.errors import UsageError
from samplebench.pipeline.autoencoder_stage import Trained, load_trained, trained_artefact
from samplebench.pipeline.cell import part_record
from samplebench.pipeline.checkpoint_folder import (
    WEIGHTS,
    CheckpointRecord,
    TrainingRecord,
    digest_of_weights,
    require_replaceable,
    write_checkpoint,
)
from samplebench.pipeline.coding import as_images, decode
from samplebench.pipeline.grid import Cell
from samplebench.pipeline.run import Display
from samplebench.pipeline.setup import Setup, ask_for_determinism, provenance
from samplebench.pipeline.suite import Suite, Training, load_suite, override
from samplebench.pipeline.workspace import Data, Workspace
from samplebench.registry.loading import Parts
from samplebench.registry.registry import Chosen, Registry

_BATCH = 500  # images decoded at a time


def training_suite(
    name: str | None, dataset: str, autoencoder: str, seed: int, **budget: Any
) -> Suite:
    """One autoencoder on one dataset with one seed, trained as a suite trains.

    Args:
        name: the suite; without one, ``budget`` says for how long.
        budget: takes the place of the suite's; ``None`` leaves a value as it is.

    Raises:
        BadSuite: there is no such suite, or a value does not fit.
        UsageError: nothing says how long to train.
    """
    wanted = {field: value for field, value in budget.items() if value is not None}
    if name is None and "epochs" not in wanted:
        raise UsageError(
            "how long is it to train? Give --epochs N, or --suite NAME to train as that suite does"
        )
    suite = load_suite(name) if name else _plain_suite(dataset, autoencoder)
    training = suite.training.model_dump() | wanted
    if "epochs" in wanted:
        training["steps"] = None
    return override(
        suite,
        datasets=[dataset],
        autoencoders=[autoencoder],
        samplers=[],
        seeds=[seed],
        training=training,
    )


def train_checkpoint(
    suite: Suite, parts: Parts, setup: Setup, display: Display
) -> CheckpointRecord:
    """Train the suite's one autoencoder, and make ``setup.results`` its checkpoint.

    Raises:
        UsageError: the suite names several parts, or something else is where the folder goes.
        TrainingDiverged: the loss stopped being finite.
        StorageError: the workspace or the checkpoint could not be written.
    """
    cell = Cell(
        _only(parts.datasets, suite.datasets[0]),
        _only(parts.autoencoders, suite.autoencoders[0]),
        None,
        suite.seeds[0],
    )
    require_replaceable(setup.results)
    ask_for_determinism(setup.threads)
    workspace = Workspace(setup.workspace)
    display.stage(f"reading {cell.dataset}")
    data = workspace.data(workspace.keep_data(cell.dataset.build(setup.data_dir)))
    display.stage(f"autoencoder: {cell.autoencoder} on {cell.dataset}, seed {cell.seed}")
    artefact = trained_artefact(cell, suite, data, setup, display.progress)
    record = _record(artefact, cell, suite, data, setup)
    write_checkpoint(setup.results, artefact / WEIGHTS, record)
    return record


def _plain_suite(dataset: str, autoencoder: str) -> Suite:
    """A suite that says nothing of training."""
    return Suite(
        name="train",
        datasets=[dataset],
        autoencoders=[autoencoder],
        samplers=[],
        metrics=["reconstruction-mse"],
        seeds=[0],
        training=Training(),
    )


def _only(registry: Registry, text: str) -> Chosen:
    chosen = registry.choose(text)
    if len(chosen) != 1:
        raise UsageError(
            f"{text!r} is a grid of {len(chosen)}, and a checkpoint holds one; "
            "`samplebench run` trains grids"
        )
    return chosen[0]


def _record(
    artefact: Path, cell: Cell, suite: Suite, data: Data, setup: Setup
) -> CheckpointRecord:
    device = torch.device(setup.device)
    trained = load_trained(artefact, cell, data, device)
    channels, height, width = data.train.images.shape[1:]
    return CheckpointRecord(
        autoencoder=part_record(cell.autoencoder),
        reference=cell.autoencoder.part.reference,
        image_shape=(channels, height, width),
        weights=digest_of_weights(artefact / WEIGHTS),
        training=TrainingRecord(
            dataset=part_record(cell.dataset),
            images=len(trained.train),
            seed=cell.seed,
            budget=suite.training.model_dump(),
            seconds=trained.costs["train"].wall_seconds,
            held_out=len(trained.test),
            error=_error(trained, data.test.images[: len(trained.test)]),
        ),
        provenance=provenance(setup, suite.digest, data.fingerprint),
    )


def _error(trained: Trained, images: Bytes) -> float:
    """The mean squared error of the reconstructions of 8-bit images whose latents are at hand."""
    device = trained.test.device
    total = torch.zeros((), dtype=torch.float64, device=device)
    for start in range(0, len(images), _BATCH):
        shown = as_images(images[start : start + _BATCH].to(device))
        decoded = decode(trained.autoencoder, trained.test[start : start + _BATCH])
        total += (decoded - shown).square().sum(dtype=torch.float64)
    return float(total) / images.numel()
