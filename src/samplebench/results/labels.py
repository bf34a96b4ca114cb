"""Labels: short texts that name a part or a digest, and never two things by one name."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from samplebench.results.record import PartRecord


def part_key(part: PartRecord | None) -> str:
    """The key that two uses of a part share: its name, every setting, and the loaded weights.

    The spec is no such key: ``gmm`` and ``gmm(components=10)`` may be the same thing.
    """
    return f"{part.key} {part.checkpoint or ''}" if part else ""


def label_parts(parts: Iterable[PartRecord]) -> dict[str, str]:
    """Label every ``part_key``: by its shortest spec, or by all settings where two share that."""
    shortest: dict[str, PartRecord] = {}
    for part in parts:
        known = shortest.setdefault(part_key(part), part)
        if _length(part) < _length(known):
            shortest[part_key(part)] = part
    labels = {key: part.spec + _origin(part) for key, part in shortest.items()}
    shared = Counter(labels.values())
    return {
        key: full_spec(shortest[key]) + _origin(shortest[key]) if shared[text] > 1 else text
        for key, text in labels.items()
    }


def _length(part: PartRecord) -> tuple[int, str]:
    return len(part.spec), part.spec


def full_spec(part: PartRecord) -> str:
    """The spec with every setting, defaults too."""
    settings = [f"{name}={_literal(value)}" for name, value in sorted(part.settings.items())]
    return f"{part.name}({', '.join(settings)})" if settings else part.name


def _literal(value: Any) -> str:
    """A setting as a spec writes it; JSON has made a list of a tuple."""
    return repr(tuple(value) if isinstance(value, list) else value)


def _origin(part: PartRecord) -> str:
    """The words for weights that were loaded: they have a digest of their own."""
    loaded = part.checkpoint
    return f" (trained elsewhere, weights {shorten(loaded)})" if loaded else ""


def shorten(digest: str) -> str:
    """Keep the first 8 digits of a digest, and what follows it: ``1a2b3c4d-dirty``."""
    return re.sub(r"\b([0-9a-f]{8})[0-9a-f]+", r"\1", digest)


def natural_order(text: str) -> list[str | float]:
    """A sort key by which ``vae(latent=8)`` comes before ``vae(latent=16)``."""
    pieces = re.split(r"(\d+(?:\.\d+)?)", text)
    return [float(piece) if index % 2 else piece for index, piece in enumerate(pieces)]


def list_distinct(texts: Iterable[str]) -> str:
    """List every distinct text once, in natural order: ``a, b, c``."""
    return ", ".join(sorted(set(texts), key=lambda text: (natural_order(text), text)))
