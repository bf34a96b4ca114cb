"""Names of parts and suites, of which names of files are made."""

import re
from typing import Final

NAME: Final = r"[a-z0-9]+(-[a-z0-9]+)*"
"""Lower-case letters and digits, with single hyphens between them."""

LONGEST: Final = 60
"""The file of a record has three names, a seed and a digest, and 255 bytes at most."""


def is_name(text: str) -> bool:
    """Return True for lower-case letters and digits, with single hyphens between them."""
    return len(text) <= LONGEST and re.fullmatch(NAME, text) is not None
