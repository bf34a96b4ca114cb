"""Answers of children on workers, with all that has to travel back to the run."""

import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

import samplebench
from samplebench.pipeline.stages.cell import CellStage
from samplebench.pipeline.stages.code import core_code
from samplebench.pipeline.workspace import DIGESTS, read_json
from samplebench.results.record import Record
from samplebench.results.store import Store


@dataclass(frozen=True)
class Answer:
    """The result of a call, such as the outcome of a stage.

    Attributes:
        digests: of the files of an artefact, by name.
        record: of a cell, as text.
        picture: of its samples.
    """

    result: Any
    digests: Mapping[str, str] = field(default_factory=dict)
    record: str | None = None
    picture: bytes | None = None


def describe_versions() -> str:
    """The versions on which numbers depend, in one line that machines of a run have in common."""
    parts = {"samplebench": samplebench.__version__, "torch": version("torch")}
    named = ", ".join(f"{name} {number}" for name, number in parts.items())
    return f"{named}, measuring code {core_code().digest[:8]}"


def count_gpus() -> int:
    """Count the GPUs, in a child: a process that has counted them cannot be forked any more."""
    return torch.cuda.device_count()


def carry_out_content(content: bytes) -> bytes:
    """Carry out a call that was packed."""
    fn, (stage, *others) = pickle.loads(content)
    outcome = fn(stage, *others)
    found = _add_files(outcome, stage) if isinstance(outcome, Path) else Answer(outcome)
    return pickle.dumps(found)


def _add_files(place: Path, stage: Any) -> Answer:
    """The answer of a stage with its files: the record of a cell, the digests of an artefact."""
    if place.is_dir():
        return Answer(place, digests=read_json(place / DIGESTS))
    text = place.read_text(encoding="utf-8")
    if not isinstance(stage, CellStage):
        return Answer(place)
    picture = Store(stage.site.results).picture_path(Record.from_json(text))
    return Answer(place, {}, text, picture.read_bytes() if picture.exists() else None)
