"""Training one autoencoder for a checkpoint, as a run trains it for its cells.

Data, seeds and workspace are those of a run: one that trained the same has trained it already.
"""

from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import torch

from samplebench.contracts.autoencoder import Autoencoder
from samplebench.contracts.dataset import Shape, Stored, as_floats
from samplebench.digests import digest_of_file
from samplebench.errors import DataMissing, SamplebenchError, UsageError
from samplebench.missing import Missing
from samplebench.pipeline.exchange.checkpoint_folder import (
    WEIGHTS,
    CheckpointRecord,
    TrainingRecord,
    require_replaceable,
    write_checkpoint,
)
from samplebench.pipeline.provenance import provenance
from samplebench.pipeline.request.shapes import shape_of
from samplebench.pipeline.request.suite import Counts, Suite, load_suite, override
from samplebench.pipeline.running.graph import complete
from samplebench.pipeline.running.watcher import Watcher
from samplebench.pipeline.stages.autoencoder import AutoencoderStage
from samplebench.pipeline.stages.code import core_code
from samplebench.pipeline.stages.core.coding import decode
from samplebench.pipeline.stages.core.training import Trained
from samplebench.pipeline.stages.data import DataStage, load_data
from samplebench.pipeline.stages.part_records import part_record
from samplebench.pipeline.stages.stage import Failure, Outcome, Stage, path_of
from samplebench.pipeline.workspace import Site
from samplebench.registry.asking import Asker, Question
from samplebench.registry.loading import Parts
from samplebench.registry.registry import Chosen, Registry
from samplebench.training import Budget

_BATCH = 500  # images decoded at a time


def training_suite(
    name: str | None, *, dataset: str, autoencoder: str, seed: int, **budget: Any
) -> Suite:
    """The suite of one autoencoder on one dataset with one seed.

    Args:
        name: a suite that says how to train; without one, ``budget`` says it.
        budget: takes the place of the suite's; ``None`` leaves a value as it is.

    Raises:
        BadSuite: there is no such suite, or a value does not fit.
        UsageError: nothing says how long to train.
    """
    asked = {field: value for field, value in budget.items() if value is not None}
    if name is None and "epochs" not in asked:
        raise UsageError(
            "how long is it to train? Give --epochs N, or --suite NAME to train as that suite does"
        )
    suite = load_suite(name) if name else _plain_suite(dataset, autoencoder)
    training = suite.model_dump()["training"] | asked
    if "epochs" in asked:
        training["steps"] = None
    return override(
        suite,
        datasets=[dataset],
        autoencoders=[autoencoder],
        samplers=[],
        appendix=[],
        seeds=[seed],
        training=training,
    )


def train_checkpoint(
    suite: Suite, parts: Parts, site: Site, executor: Executor, watcher: Watcher
) -> CheckpointRecord:
    """Train the suite's one autoencoder, and make ``site.results`` its checkpoint.

    Raises:
        UsageError: the suite names several parts, or an autoencoder that cannot be trained, or
            something else is where the folder goes.
        DataMissing: files of the dataset are missing; nothing was trained or written.
        SamplebenchError: the data could not be read, or the training failed.
        StorageError: the workspace or the checkpoint could not be written.
    """
    dataset = _only(parts.datasets, suite.datasets[0])
    autoencoder = _only(parts.autoencoders, suite.autoencoders[0])
    require_replaceable(site.results)
    _require_trainable(autoencoder, dataset, site)
    data = DataStage(site, dataset.spec)
    stage = AutoencoderStage(data, autoencoder.spec, suite.seeds[0], suite.training, suite.counts)
    made: dict[Stage, Outcome] = dict(complete([stage], {}, executor, watcher, at_once=1))
    if isinstance(outcome := made[stage], Failure):
        error = DataMissing if outcome.kind == "missing" else SamplebenchError
        raise error(outcome.reason)
    record = _record(stage, suite, path_of(made, data), outcome, parts)
    write_checkpoint(site.results, outcome / WEIGHTS, record)
    return record


def _require_trainable(autoencoder: Chosen, dataset: Chosen, site: Site) -> None:
    """Refuse an autoencoder that is not trained here, before any data are read."""
    asker = Asker()
    shape = asker.answer(Question(shape_of, dataset, (site.data_dir,)))
    objection = (
        shape
        if isinstance(shape, Missing)
        else asker.answer(Question(_objection, autoencoder, (shape,)))
    )
    if isinstance(objection, Missing):
        raise UsageError(objection.reason)
    if objection:
        raise UsageError(f"'{autoencoder}' {objection.partition(':')[0]}; train another")


def _objection(autoencoder: Chosen, shape: Shape) -> str | None:
    built: Autoencoder = autoencoder.build(shape)
    return built.training_objection()


def _plain_suite(dataset: str, autoencoder: str) -> Suite:
    """A suite of these two, whose training is to be replaced."""
    return Suite(
        name="train",
        datasets=[dataset],
        autoencoders=[autoencoder],
        samplers=[],
        metrics=["reconstruction-mse"],
        seeds=[0],
        training=Budget(epochs=1),
        counts=Counts(),
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
    stage: AutoencoderStage, suite: Suite, data_place: Path, place: Path, parts: Parts
) -> CheckpointRecord:
    data = load_data(data_place)
    trained = stage.load(place, data)
    dataset = parts.datasets.configured(stage.data.dataset)
    autoencoder = parts.autoencoders.configured(stage.autoencoder)
    return CheckpointRecord(
        autoencoder=part_record(autoencoder),
        reference=autoencoder.part.reference,
        shape=data.shape,
        weights=digest_of_file(place / WEIGHTS),
        training=TrainingRecord(
            dataset=part_record(dataset),
            samples=len(trained.train),
            seed=stage.seed,
            budget=suite.model_dump()["training"],
            seconds=trained.costs["train"].wall_seconds,
            held_out=len(trained.test),
            error=_error(trained, data.test.samples[: len(trained.test)]),
        ),
        provenance=provenance(
            stage.site,
            core_code(),
            [dataset.code, autoencoder.code],
            suite=suite.digest,
            data=data.fingerprint,
        ),
    )


def _error(trained: Trained, samples: Stored) -> float:
    """The mean squared error of the reconstructions of samples with these latents."""
    device = trained.test.device
    total = torch.zeros((), dtype=torch.float64, device=device)
    for start in range(0, len(samples), _BATCH):
        shown = as_floats(samples[start : start + _BATCH].to(device))
        decoded = decode(trained.autoencoder, trained.test[start : start + _BATCH], trained.shape)
        total += (decoded - shown).square().sum(dtype=torch.float64)
    return float(total) / samples.numel()
