"""Files that a page offers: inside it, or next to it where they are large."""

from dataclasses import dataclass
from typing import Final

from samplebench.results.html.pictures import data_address

_LARGEST_INSIDE: Final = 300_000
"""Bytes of a file that is held by the page itself."""


@dataclass(frozen=True)
class Download:
    """A text file; ``label`` names its format to the reader."""

    name: str
    label: str
    kind: str
    content: str

    @property
    def address(self) -> str:
        """The content itself, or the file next to the page."""
        content = self.content.encode()
        return data_address(content, self.kind) if len(content) <= _LARGEST_INSIDE else self.name
