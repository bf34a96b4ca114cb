"""Small pieces of markdown, safe for any text in them."""

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

REASON_LENGTH: Final = 800
_SUPERSCRIPTS: Final = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def code(text: str) -> str:
    """A text as code, in a table or out of it."""
    fence = "``" if "`" in text else "`"
    padding = " " if "`" in text else ""
    return f"{fence}{padding}{_one_line(text)}{padding}{fence}"


def plain(text: str) -> str:
    """A text of unknown origin on one line, cut to a length that can be read, as plain text."""
    line = _one_line(text)
    if len(line) > REASON_LENGTH:
        line = f"{line[: REASON_LENGTH - 1].rstrip()}…"
    return re.sub(r"([\\`*_<>|\[\]])", r"\\\1", line)


def link(text: str, *path: str) -> str:
    """A link to a file beside the page."""
    return f"[{text}]({'/'.join(map(quote, path))})"


def superscript(number: int) -> str:
    return str(number).translate(_SUPERSCRIPTS)


def bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _one_line(text: str) -> str:
    return " ".join(text.split())
