"""Stages for another machine: the same work with other folders."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from samplebench.pipeline.workspace import Site

Moves = Mapping[Site | Path, Site | Path]


def relocate(value: Any, moves: Moves) -> Any:
    """Replace sites and paths in a stage, and in all that it is made of."""
    if isinstance(value, Site | Path):
        return moves.get(value, value)
    if isinstance(value, tuple):
        moved = tuple(relocate(each, moves) for each in value)
        return moved if any(a is not b for a, b in zip(moved, value, strict=True)) else value
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    before = {each.name: getattr(value, each.name) for each in dataclasses.fields(value)}
    after = {name: relocate(each, moves) for name, each in before.items()}
    changed = {name: each for name, each in after.items() if each is not before[name]}
    return dataclasses.replace(value, **changed) if changed else value


def move(path: Path, old: Path, new: Path) -> Path:
    """The place in ``new`` of what lies in ``old``; what lies elsewhere stays there."""
    return new / path.relative_to(old) if path.is_relative_to(old) else path
