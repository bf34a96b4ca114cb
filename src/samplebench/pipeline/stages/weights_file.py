"""Files of weights that others wrote: safetensors, and state dicts that torch saved.

Nothing in them is ever executed. A pickle can run anything when it is loaded, so torch reads it
with ``weights_only``, which knows tensors and plain containers and refuses the rest unread.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from zipfile import ZIP_STORED, BadZipFile, ZipFile

import torch
from torch import Tensor

from samplebench.errors import BadCheckpoint
from samplebench.pipeline.stages.files import load_tensors

_SAFETENSORS: Final = ".safetensors"
_TORCH: Final = (".pt", ".pth", ".ckpt")
_NESTS: Final = ("state_dict", "model_state_dict", "model")
"""The names under which trainers save a state dict among other things; Lightning's comes first."""
_SAFE_SINCE: Final = (2, 6)
"""Before this version of torch, ``weights_only`` could be made to run code (CVE-2025-32434)."""


def require_kind(path: Path) -> None:
    """Refuse a file that is neither of safetensors nor of torch, by its name.

    Raises:
        BadCheckpoint: it is neither, or this torch cannot read it safely.
    """
    kind = path.suffix.lower()
    if kind in _TORCH:
        _require_safe_torch(path, torch.__version__)
    elif kind != _SAFETENSORS:
        raise BadCheckpoint(
            f"{path.name} is not read: files of weights are *{_SAFETENSORS}, or a state dict that "
            f"torch saved as {', '.join(f'*{suffix}' for suffix in _TORCH)}; other pickles could "
            "run any code, so save the model's state_dict() as one of these"
        )


def read_weights(path: Path) -> dict[str, Tensor]:
    """Read the tensors of a file of weights by name, on the CPU. Executes nothing in it.

    Raises:
        BadCheckpoint: it is no such file, or holds something else than weights.
    """
    require_kind(path)
    if path.suffix.lower() in _TORCH:
        return _find_state_dict(path, _load_without_running(path))
    try:
        return load_tensors(path)
    except ValueError as error:
        raise BadCheckpoint(
            f"no checkpoint: {error}; it is a safetensors file of the weights"
        ) from error


def _require_safe_torch(path: Path, version: str) -> None:
    numbers = tuple(int(number) for number in version.split(".")[:2])
    if numbers < _SAFE_SINCE:
        raise BadCheckpoint(
            f"{path.name} is a pickle, and torch {version} cannot read one without the risk that "
            "it runs code: install torch 2.6 or later, or give a safetensors file"
        )


def _load_without_running(path: Path) -> Any:
    _require_uncompressed(path)
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises several kinds for files that it does not take
        raise BadCheckpoint(
            f"{path.name} is not read: it is damaged, or holds Python objects besides tensors, "
            "which could run any code; save the weights alone, "
            "torch.save(model.state_dict(), 'weights.pt')"
        ) from error


def _require_uncompressed(path: Path) -> None:
    """Refuse an archive whose members unpack to more than they are, until memory is full.

    Raises:
        BadCheckpoint: it is one.
    """
    try:
        with ZipFile(path) as archive:
            members = archive.infolist()
    except (BadZipFile, OSError, ValueError):
        return  # an older file of torch, or none, which torch finds out
    if any(member.compress_type != ZIP_STORED for member in members):
        raise BadCheckpoint(
            f"{path.name} is not read: it is compressed, which torch's own files never are, and "
            "could unpack to any size; save the weights with torch.save"
        )


def _find_state_dict(path: Path, content: Any) -> dict[str, Tensor]:
    """Find the state dict: the content itself, or what trainers nest it in."""
    if _is_state_dict(content):
        return dict(content)
    inner = content if isinstance(content, Mapping) else {}
    for name in _NESTS:
        if _is_state_dict(inner.get(name)):
            return dict(inner[name])
    names = ", ".join(repr(name) for name in list(inner)[:5])
    held = f"a dictionary of {names}" if inner else f"a {type(content).__name__}"
    raise BadCheckpoint(
        f"{path.name} holds {held}, and no state dict, which gives each tensor by its name; "
        "save torch.save(model.state_dict(), 'weights.pt')"
    )


def _is_state_dict(content: Any) -> bool:
    return (
        isinstance(content, Mapping)
        and len(content) > 0
        and all(isinstance(name, str) for name in content)
        and all(isinstance(tensor, Tensor) for tensor in content.values())
    )
