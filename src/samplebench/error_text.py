"""The text of an error of others: bounded, and there even if the error fails to give it."""

import traceback
from pathlib import Path
from typing import Final

LONGEST: Final = 4000
"""Characters; a part may raise any text, and a record holds the reason."""


def describe(error: BaseException) -> str:
    """Give the text of an error, even of one that fails to give it."""
    try:
        return str(error)
    except BaseException as other:  # it is a part's class
        return f"(its text cannot be had: {type(other).__name__})"


def describe_with_place(error: BaseException) -> str:
    """Give its type, its text, and the file and line that raised it."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    line = f"{Path(place.filename).name}, line {place.lineno}"
    return f"{type(error).__name__}: {describe(error)} ({line})"


def cut(text: str) -> str:
    """Cut a text that is too long."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text):,} characters)"
