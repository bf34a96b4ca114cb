"""Findings: one line each on what is wrong with a file, or doubtful about a score."""

import re
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

Kind = Literal["file", "manifest", "record", "suite", "picture", "plot", "board", "score"]
"""The subject of a finding."""

_LONGEST: Final = 600


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong or doubtful, at a place: a file, or a cell in it."""

    kind: Kind
    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.kind}: {escape(self.place)}: {escape(self.message)}"

    def as_row(self) -> dict[str, Any]:
        return asdict(self)


def escape(text: str) -> str:
    """Make one line of any text: what a terminal would not print as it is stands as ``\\x1b``."""
    cut = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return "".join(sign if sign.isprintable() else _escape_sign(sign) for sign in cut)


def has_control_signs(text: str, allowed: str = "") -> bool:
    """True if something in the text is not printed as it is, such as the start of an escape."""
    return any(not sign.isprintable() and sign not in allowed for sign in text)


def _escape_sign(sign: str) -> str:
    return re.sub(r"^\\n$|^\\r$|^\\t$", " ", sign.encode("unicode_escape").decode("ascii"))
