"""The identity of a cell: a digest of everything that decides its scores, but the code."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from samplebench.results.record import PartRecord, Record

Part = tuple[str, Mapping[str, Any]]
"""The name of a part, and all its settings."""


def digest_cell(
    *,
    dataset: Part,
    autoencoder: Part,
    sampler: Part | None,
    protocol: Mapping[str, Any],
    seed: int,
    loaded: str | None,
) -> str:
    """Compute the identity of a cell: a SHA-256 in 64 hexadecimal digits.

    Args:
        sampler: ``None`` in the reconstruction row.
        protocol: without ``training`` where weights are loaded.
        loaded: the digest of weights that were not trained by samplebench, empty where the
            autoencoder has none; ``None`` if it is trained.
    """
    row = {"sampler": list(sampler)} if sampler else {"reference": "reconstruction"}
    content = {
        "dataset": list(dataset),
        "autoencoder": list(autoencoder),
        **row,
        "protocol": protocol,
        "seed": seed,
        "checkpoint": loaded,
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def identify(record: Record) -> str:
    """Compute the identity of a record from its other fields."""
    loaded = record.autoencoder.checkpoint
    if loaded is None and "training" not in record.protocol:
        loaded = ""  # an autoencoder that has no weights
    return digest_cell(
        dataset=_part(record.dataset),
        autoencoder=_part(record.autoencoder),
        sampler=_part(record.sampler) if record.sampler else None,
        protocol=record.protocol,
        seed=record.seed,
        loaded=loaded,
    )


def _part(part: PartRecord) -> Part:
    return part.name, part.settings
