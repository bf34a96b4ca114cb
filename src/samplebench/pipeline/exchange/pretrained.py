"""Autoencoders that were trained before: from a folder, a file, or the Hugging Face hub."""

import json
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from samplebench import __version__
from samplebench.contracts.autoencoder import Autoencoder
from samplebench.errors import BadCheckpoint, BadSetting, UsageError
from samplebench.pipeline.exchange.checkpoint_folder import (
    WEIGHTS,
    CheckpointRecord,
    read_checkpoint,
)
from samplebench.pipeline.exchange.hub import SCHEME, download
from samplebench.pipeline.stages.checkpoint import load_checkpoint
from samplebench.pipeline.stages.code import core_code
from samplebench.pipeline.stages.weights_file import require_kind
from samplebench.randomness import seeded
from samplebench.registry.loading import Choice, Parts, load_parts
from samplebench.registry.registry import Chosen
from samplebench.registry.spec import Setting, Spec


@dataclass(frozen=True)
class Checkpoint:
    """A file of weights, and its record; a bare file has none."""

    weights: Path
    record: CheckpointRecord | None


def open_checkpoint(place: str) -> Checkpoint:
    """Open a checkpoint: a folder, ``hf://owner/name[@revision]``, or a bare file of weights.

    Raises:
        UsageError: nothing is there.
        BadCheckpoint: the folder is no whole checkpoint, or the file of a kind that is not read.
        HubError: the hub did not give it.
    """
    path = download(place) if place.startswith(SCHEME) else Path(place).absolute()
    if path.is_dir():
        return Checkpoint(path / WEIGHTS, read_checkpoint(path))
    if path.is_file():
        require_kind(path)
        return Checkpoint(path, None)
    raise UsageError(f"no checkpoint is at {place}: there is no such file or folder")


def load_autoencoder(
    place: str | Path,
    *,
    device: str | torch.device = "cpu",
    plugins: Iterable[str | Path] = (),
) -> Autoencoder:
    """Load the trained autoencoder of a checkpoint, in evaluation mode and without gradients.

    Warns if the code that trained the weights changed since.

    Args:
        place: a folder that ``samplebench train`` wrote, or ``hf://owner/name[@revision]``.
        plugins: Python files of plugins to load in addition to the installed ones.

    Raises:
        UsageError: nothing is there.
        BadCheckpoint: it is damaged, or does not fit what is installed.
        HubError: the hub did not give it.
    """
    checkpoint = open_checkpoint(str(place))
    if checkpoint.record is None:
        raise BadCheckpoint(
            f"{place} is a bare file of weights, which does not say of which autoencoder; "
            "give a folder that `samplebench train` wrote"
        )
    parts = load_parts(Choice(files=tuple(str(Path(file).absolute()) for file in plugins)))
    chosen = recorded_autoencoder(checkpoint.record, parts)
    if difference := describe_other_code(checkpoint.record, chosen):
        warnings.warn(difference, stacklevel=2)
    autoencoder = _build(chosen, checkpoint.record)
    load_checkpoint(autoencoder, checkpoint.weights)
    return autoencoder.to(device).eval().requires_grad_(False)


def recorded_autoencoder(record: CheckpointRecord, parts: Parts) -> Chosen:
    """The autoencoder with the settings that it was trained with, whatever the defaults are now.

    Raises:
        BadCheckpoint: it is not installed, or no longer takes these settings.
    """
    recorded, installed = record.autoencoder, parts.autoencoders
    try:
        as_written = installed.choose(recorded.spec)[0]
        if _agree(as_written.settings, recorded.settings):
            return as_written
        settings = {name: _setting(value) for name, value in recorded.settings.items()}
        return installed.configured(Spec(recorded.name, settings))
    except UsageError as error:
        broken = "".join(f" And {plugin}." for plugin in parts.broken)
        raise BadCheckpoint(
            f"the checkpoint holds weights of {recorded.spec!r} from {_home(record)}, which is "
            f"not what is installed here: {error}{broken} Install it, or give its file with "
            "--plugin."
        ) from error


def describe_other_code(record: CheckpointRecord, chosen: Chosen) -> str | None:
    """A sentence about the code that trained the weights, if it is not the code of today."""
    plugin = chosen.part.plugin
    then_code = (record.autoencoder.code, record.provenance.core)
    if then_code == (chosen.code.digest, core_code().digest):
        return None
    then = (_home(record), _named("samplebench", record.provenance.samplebench))
    now = (_named(plugin.distribution, plugin.version), _named("samplebench", __version__))
    return (
        f"the weights of '{chosen}' were trained with {_together(then)}, and the code of "
        f"{_together(now)} here is not the same: results may differ"
    )


def _build(chosen: Chosen, record: CheckpointRecord) -> Autoencoder:
    """Build the autoencoder before its weights are loaded; the caller's random streams stay."""
    try:
        with seeded(record.training.seed, "initialise"):
            autoencoder: Autoencoder = chosen.build(record.shape)
    except BadSetting as error:
        raise BadCheckpoint(f"the checkpoint does not fit what is installed: {error}") from error
    return autoencoder


def _home(record: CheckpointRecord) -> str:
    return _named(record.autoencoder.plugin, record.autoencoder.version)


def _named(distribution: str, version: str) -> str:
    return f"{distribution} {version}".strip()


def _together(names: Iterable[str]) -> str:
    """A bundled plugin has the name of the harness."""
    return " and ".join(dict.fromkeys(names))


def _agree(settings: Mapping[str, Setting], recorded: Mapping[str, Any]) -> bool:
    """Compare settings: new ones have a default that changes nothing."""
    now = json.loads(json.dumps(dict(settings)))
    return all(name in now and now[name] == value for name, value in recorded.items())


def _setting(value: Any) -> Setting:
    """A setting from JSON, which knows no tuples."""
    return tuple(map(_setting, value)) if isinstance(value, list) else value
