"""Pictures of samples inside the page, as far as its size allows; the others are linked."""

import base64
from collections.abc import Iterable
from pathlib import Path


def embed(folder: Path, names: Iterable[str], budget: int) -> dict[str, str]:
    """Make a data address of each picture, in their order, as far as the budget goes.

    Args:
        budget: the characters that all of them may take, as base64.
    """
    embedded: dict[str, str] = {}
    for name in dict.fromkeys(names):
        try:
            content = (folder / name).read_bytes()
        except OSError:
            continue
        if (size := len(content) * 4 // 3) > budget:
            continue
        budget -= size
        embedded[name] = data_address(content, "image/png")
    return embedded


def data_address(content: bytes, kind: str) -> str:
    """The address that holds the content itself."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
