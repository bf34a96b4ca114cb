"""Files of artefacts: tensors and latents as safetensors, splits as arrays mapped from disk."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from samplebench.contracts.dataset import Split
from samplebench.contracts.latents import Latents, LatentSpace
from samplebench.pipeline.workspace import storing


def save_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write tensors to a safetensors file; shared ones are written once each."""
    with storing(path.parent):
        save_file(
            {name: t.detach().cpu().contiguous().clone() for name, t in tensors.items()}, path
        )


def load_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file.

    Raises:
        ValueError: it is no such file, or a damaged one.
    """
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise ValueError(f"{path} is not a readable safetensors file ({error})") from error


def save_latents(path: Path, **batches: Latents) -> None:
    """Write several batches of latents of one space to one safetensors file."""
    save_tensors(
        path,
        {
            f"{name}.{part}": getattr(batch, part)
            for name, batch in batches.items()
            for part in ("values", "codes")
        },
    )


def load_latents(path: Path, space: LatentSpace, device: torch.device) -> dict[str, Latents]:
    """The batches that ``save_latents`` wrote."""
    tensors = load_file(path, device=str(device))
    names = sorted({name.partition(".")[0] for name in tensors})
    return {
        name: Latents(space, tensors[f"{name}.values"], tensors[f"{name}.codes"]) for name in names
    }


def save_split(folder: Path, name: str, split: Split) -> None:
    """Write the samples and labels of a split as arrays."""
    with storing(folder):
        np.save(folder / f"{name}-samples.npy", split.samples.numpy())
        if split.labels is not None:
            np.save(folder / f"{name}-labels.npy", split.labels.numpy())


def load_split(folder: Path, name: str) -> Split:
    """The split that ``save_split`` wrote, mapped from disk and not read until used."""
    labels = folder / f"{name}-labels.npy"
    # Copy-on-write: torch wants memory that it could write, and the file must not change.
    samples = torch.from_numpy(np.load(folder / f"{name}-samples.npy", mmap_mode="c"))
    return Split(samples, torch.from_numpy(np.load(labels)) if labels.exists() else None)
