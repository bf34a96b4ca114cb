"""Checkpoints: folders with the weights of a trained autoencoder and their record.

``weights.safetensors`` holds the tensors, ``autoencoder.json`` the record. A folder appears whole
or not at all, and weights that are not those of the record are refused.
"""

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ValidationError

from samplebench.contracts.dataset import Shape
from samplebench.digests import digest_of_file
from samplebench.errors import BadCheckpoint, BadRecord, StorageError, UsageError
from samplebench.plain_text import quote, shorten
from samplebench.regular_files import explain, read_text
from samplebench.results.record import Number, PartRecord, Provenance
from samplebench.results.record_file import parse, without_old_digests

WEIGHTS: Final = "weights.safetensors"
RECORD: Final = "autoencoder.json"

FORMAT: Final = 3
"""The version of the checkpoint format. Raised when a field changes its meaning."""


class TrainingRecord(BaseModel, extra="forbid", frozen=True):
    """The training that made the weights, and their error on held-out samples."""

    dataset: PartRecord
    samples: int
    seed: int
    budget: dict[str, Any]
    seconds: Number
    held_out: int
    """Samples of the test split that were reconstructed."""
    error: Number
    """Their mean squared error, with the pixels of images in [0, 1]."""


class CheckpointRecord(BaseModel, extra="forbid", frozen=True):
    """The autoencoder that the weights belong to, and their origin."""

    format: Literal[3] = FORMAT
    autoencoder: PartRecord
    reference: str | None
    """The published source of the autoencoder."""
    shape: Shape
    weights: str
    """The digest of the file of weights."""
    training: TrainingRecord
    provenance: Provenance

    def to_json(self) -> str:
        """Strict JSON, one field a line."""
        return json.dumps(self.model_dump(), indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def write_checkpoint(folder: Path, weights: Path, record: CheckpointRecord) -> None:
    """Make ``folder`` a checkpoint with a copy of the file ``weights``.

    Raises:
        UsageError: the folder is there and is no checkpoint.
        StorageError: it could not be written; an earlier checkpoint is then untouched. Only a
            process that is killed between two renames leaves it in a hidden folder beside.
    """
    require_replaceable(folder)
    folder = folder.resolve()  # a link is kept, and what it leads to is replaced
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as beside:
            whole = Path(beside) / "new"
            whole.mkdir()
            shutil.copyfile(weights, whole / WEIGHTS)
            (whole / RECORD).write_text(record.to_json(), encoding="utf-8")
            _exchange(whole, folder, Path(beside) / "old")
    except OSError as error:
        raise StorageError(
            f"the checkpoint {folder} could not be written ({error.strerror or error}); "
            "make room, or choose another folder with --output"
        ) from error


def require_replaceable(folder: Path) -> bool:
    """Make sure before anything is trained that nothing but a checkpoint is replaced.

    Returns:
        True if one is.

    Raises:
        UsageError: something else would be.
    """
    if not folder.exists():
        return False
    if not folder.is_dir():
        raise UsageError(f"--output {folder} is there already and is a file; name a folder")
    names = {path.name for path in folder.iterdir()}
    others = sorted(names - {WEIGHTS, RECORD} if RECORD in names else names)
    if others:
        raise UsageError(
            f"--output {folder} is there already and is no checkpoint (it holds {others[0]}); "
            "choose another folder"
        )
    return bool(names)


def read_checkpoint(folder: Path) -> CheckpointRecord:
    """The record of a checkpoint whose weights are those that it speaks of.

    Raises:
        BadCheckpoint: the folder is no checkpoint, or damaged, or of another format.
    """
    for name in (RECORD, WEIGHTS):
        if not (folder / name).is_file():
            raise BadCheckpoint(
                f"{folder} is no checkpoint: it has no {name}; `samplebench train` writes both "
                f"{RECORD} and {WEIGHTS}"
            )
    record = _parsed(folder / RECORD)
    digest = digest_of_file(folder / WEIGHTS)
    if digest != record.weights:
        raise BadCheckpoint(
            f"{folder / WEIGHTS} is not the file that {RECORD} speaks of (its digest is {digest} "
            f"instead of {record.weights}): one of them was damaged or exchanged; "
            "train or download it again"
        )
    return record


def _exchange(new: Path, place: Path, old: Path) -> None:
    """Put ``new`` in its place, and what was there to ``old``."""
    if not place.exists():
        new.rename(place)
        return
    place.rename(old)
    try:
        new.rename(place)
    except BaseException:
        old.rename(place)
        raise


def _from_format_2(content: dict[str, Any]) -> dict[str, Any]:
    """Rename what was called images before samples could be anything else."""
    training = dict(content["training"])
    shape = content["image_shape"]
    others = {name: value for name, value in content.items() if name != "image_shape"}
    training["samples"] = training.pop("images")
    return {**others, "shape": shape, "training": training, "format": FORMAT}


def _parsed(file: Path) -> CheckpointRecord:
    try:
        content = parse(read_text(file))
        if content.get("format") == 1:
            content = {**without_old_digests(content), "format": 2}
        if content.get("format") == 2:
            content = _from_format_2(content)
        return CheckpointRecord.model_validate_json(json.dumps(content), strict=True)
    except OSError as error:
        raise BadCheckpoint(f"{file} cannot be read: {explain(error)}") from error
    except (ValueError, KeyError, TypeError, RecursionError, BadRecord) as error:
        if not isinstance(error, ValidationError):
            raise BadCheckpoint(f"{file} is damaged: {shorten(str(error))}") from error
        problems = {".".join(map(str, problem["loc"])): problem for problem in error.errors()}
        if "format" in problems:
            raise BadCheckpoint(
                f"{file} has format {quote(problems['format']['input'])}, and this samplebench "
                f"reads formats 1 to {FORMAT}; install a version of samplebench that fits"
            ) from error
        place, problem = next(iter(problems.items()))
        raise BadCheckpoint(
            f"{file} is damaged, or no record of a checkpoint: "
            f"{shorten(place) or 'the file'}: {shorten(problem['msg'])}"
        ) from error
