"""The cache: data, trained autoencoders, latents and features, under keys of all that made them.

Everything in it can be made again; it is safe to delete at any time.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from samplebench.contracts.dataset import Dataset, Split
from samplebench.contracts.latents import Latents, LatentSpace
from samplebench.errors import StorageError

_CHUNK = 4096  # images hashed and written at a time
_SIZES = "sizes.json"


def key_of(ingredients: Mapping[str, Any]) -> str:
    """A short digest of plain data. A text that is the path of a file counts by its content."""
    content = json.dumps(_by_content(ingredients), sort_keys=True, default=str)
    return hashlib.sha256(content.encode()).hexdigest()[:24]


def digest_of_tensors(tensors: Mapping[str, Tensor]) -> str:
    """A short digest of names, types, shapes and values."""
    digest = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        flat = tensor.detach().cpu().contiguous().flatten()
        digest.update(flat.view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()[:16]


@dataclass(frozen=True)
class Data:
    """A dataset as the workspace keeps it, mapped from disk and not read until used."""

    fingerprint: str
    train: Split
    test: Split


@dataclass(frozen=True)
class Workspace:
    """A folder of artefacts. Each is a folder that appears whole or not at all."""

    folder: Path

    def artefact(self, kind: str, key: str, make: Callable[[Path], None]) -> Path:
        """The folder of an artefact; ``make`` fills it if it is not there yet.

        Raises:
            StorageError: the disk is full, or the workspace cannot be written.
        """
        home = self.folder / kind / key
        if home.is_dir():
            if _is_whole(home):
                return home
            shutil.rmtree(home)  # a disk or a person has damaged it; it can be made again
        with _storing(self.folder):
            home.parent.mkdir(parents=True, exist_ok=True)
            unfinished = Path(tempfile.mkdtemp(dir=home.parent, prefix=f".{key}."))
        try:
            make(unfinished)
            with _storing(self.folder):
                write_json(unfinished / _SIZES, _sizes(unfinished))
                _put(unfinished, home)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
        return home

    def keep_data(self, dataset: Dataset) -> str:
        """Read a dataset, keep its arrays, and give its fingerprint."""
        splits = {"train": dataset.train(), "test": dataset.test()}
        digest = hashlib.sha256()
        for split in splits.values():
            for part in (split.images, split.labels):
                if part is not None:
                    digest.update(str(tuple(part.shape)).encode())
                    for chunk in torch.split(part, _CHUNK):
                        digest.update(chunk.contiguous().numpy().tobytes())
        fingerprint = digest.hexdigest()[:24]
        self.artefact("data", fingerprint, lambda folder: _save_splits(folder, splits))
        return fingerprint

    def data(self, fingerprint: str) -> Data:
        """The arrays that ``keep_data`` kept."""
        folder = self.folder / "data" / fingerprint
        return Data(fingerprint, _load_split(folder, "train"), _load_split(folder, "test"))


@contextmanager
def _storing(place: Path) -> Iterator[None]:
    """What goes wrong in the block is that something could not be written to ``place``."""
    try:
        yield
    except (OSError, SafetensorError) as error:
        raise StorageError(
            f"the workspace cannot be written at {place} ({error}); "
            "make room, or choose another folder with --workspace"
        ) from error


def _put(unfinished: Path, home: Path) -> None:
    try:
        unfinished.rename(home)
    except OSError:
        if not home.is_dir():  # else another process was first, with the same content
            raise


def _sizes(folder: Path) -> dict[str, int]:
    return {file.name: file.stat().st_size for file in folder.iterdir() if file.name != _SIZES}


def _is_whole(folder: Path) -> bool:
    """Whether every file has the size that it had when it was written."""
    try:
        return read_json(folder / _SIZES) == _sizes(folder)
    except (OSError, ValueError):
        return False


def _save_splits(folder: Path, splits: Mapping[str, Split]) -> None:
    for name, split in splits.items():
        with _storing(folder):
            np.save(folder / f"{name}-images.npy", split.images.numpy())
            if split.labels is not None:
                np.save(folder / f"{name}-labels.npy", split.labels.numpy())


def _load_split(folder: Path, name: str) -> Split:
    labels = folder / f"{name}-labels.npy"
    # Copy-on-write: torch wants memory that it could write, and the file must not change.
    images = torch.from_numpy(np.load(folder / f"{name}-images.npy", mmap_mode="c"))
    return Split(images, torch.from_numpy(np.load(labels)) if labels.exists() else None)


def save_latents(path: Path, **batches: Latents) -> None:
    """Several batches of latents of one space in one safetensors file."""
    save_weights(
        path,
        {
            f"{name}.{part}": getattr(batch, part)
            for name, batch in batches.items()
            for part in ("values", "codes")
        },
    )


def load_latents(path: Path, space: LatentSpace, device: torch.device) -> dict[str, Latents]:
    """The batches that ``save_latents`` saved."""
    tensors = load_file(path, device=str(device))
    names = sorted({name.partition(".")[0] for name in tensors})
    return {
        name: Latents(space, tensors[f"{name}.values"], tensors[f"{name}.codes"]) for name in names
    }


def load_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file.

    Raises:
        ValueError: it is no such file, or a damaged one.
    """
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise ValueError(f"{path} is not a readable safetensors file ({error})") from error


def save_weights(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Tensors as a safetensors file; shared ones are written once each."""
    with _storing(path.parent):
        save_file(
            {name: t.detach().cpu().contiguous().clone() for name, t in tensors.items()}, path
        )


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")


def read_json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def _by_content(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _by_content(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_by_content(member) for member in value]
    if isinstance(value, str) and os.sep in value:
        with suppress(OSError), Path(value).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    return value
