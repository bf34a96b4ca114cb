"""Digests of content: equal content has equal digests, all of one length."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

_DIGITS: Final = 16
"""64 bits: two of a million contents share one with a probability of 3e-8."""


def digest_of(*pieces: str | bytes) -> str:
    """A digest of texts or bytes, one after the other."""
    whole = hashlib.sha256()
    for piece in pieces:
        whole.update(piece.encode("utf-8", "surrogatepass") if isinstance(piece, str) else piece)
    return whole.hexdigest()[:_DIGITS]


def digest_of_data(content: Mapping[str, Any]) -> str:
    """A digest of plain data, whatever the order of their keys.

    Raises:
        TypeError: something in them is not plain.
    """
    return digest_of(json.dumps(content, sort_keys=True))


def digest_of_file(file: Path) -> str:
    """A digest of the content of a file."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()[:_DIGITS]
