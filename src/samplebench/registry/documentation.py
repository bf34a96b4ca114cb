"""What the documentation of a part says, by the form that docstrings have here."""

import re


def summary(text: str) -> str:
    """The first sentence."""
    paragraph = " ".join(text.split("\n\n")[0].split())
    return re.split(r"(?<=[.!?])\s+(?=[A-Z])", paragraph, maxsplit=1)[0]


def reference(text: str) -> str | None:
    """The published source that it names."""
    found = re.search(r"^References?:\s*(.+?)(?:\n\s*\n|\Z)", text, re.M | re.S)
    return " ".join(found.group(1).split()).removesuffix(".") if found else None


def arguments(text: str) -> dict[str, str]:
    """What stands under ``Args``, by name."""
    block = re.search(r"^Args:\n(.*?)(?=^\S|\Z)", text, re.M | re.S)
    entries = re.findall(
        r"^ {4}(\w[\w, ]*): (.*?)(?=^ {4}\S|\Z)", block[1] if block else "", re.M | re.S
    )
    return {name: " ".join(said.split()) for names, said in entries for name in names.split(", ")}
