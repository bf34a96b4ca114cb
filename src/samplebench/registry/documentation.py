"""Extraction of summary, reference and settings from the docstring of a part."""

import re


def summary(text: str) -> str:
    """Extract the first sentence."""
    paragraph = " ".join(text.split("\n\n")[0].split())
    return re.split(r"(?<=[.!?])\s+(?=[A-Z])", paragraph, maxsplit=1)[0]


def reference(text: str) -> str | None:
    """Extract the published source, if one is named."""
    match = re.search(r"^References?:\s*(.+?)(?:\n\s*\n|\Z)", text, re.M | re.S)
    return " ".join(match[1].split()).removesuffix(".") if match else None


def arguments(text: str) -> dict[str, str]:
    """Extract the entries under ``Args``, by name."""
    block = re.search(r"^Args:\n(.*?)(?=^\S|\Z)", text, re.M | re.S)
    entries = re.findall(
        r"^ {4}(\w[\w, ]*): (.*?)(?=^ {4}\S|\Z)", block[1] if block else "", re.M | re.S
    )
    return {
        name: " ".join(meaning.split()) for names, meaning in entries for name in names.split(", ")
    }
