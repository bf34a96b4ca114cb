"""The files of a bundle or of a results folder, by path, read only when asked and never beyond a
bound."""

import os
import stat
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from samplebench.submission.findings import Finding
from samplebench.submission.safe_paths import why_unsafe

MANIFEST: Final = "manifest.json"
"""The file that makes a bundle of a folder or an archive."""

MOST_FILES: Final = 100_000
MOST_BYTES: Final = 2**31
"""Of all files together."""

_MOST_BYTES_OF_ONE: Final = 2**24
"""16 MiB: a record has 10 to 100 KiB, a picture up to 1 MiB."""

_ROOMS: Final = frozenset({"records", "samples", "plots", "commentary"})
"""The folders of a results folder that are looked into; it may lie in a repository."""


class Unreadable(Exception):
    """A file cannot be read, or not within the bound; the message says why."""


class HeldFiles(ABC):
    """Files by their path, with ``/`` between names.

    Attributes:
        sizes: bytes by path, in order of the paths; only regular files with safe paths.
        findings: the entries that are left out, and why.
    """

    sizes: Mapping[str, int]
    findings: list[Finding]

    @abstractmethod
    def close(self) -> None:
        """Close what is open."""

    @abstractmethod
    def _read(self, path: str, most: int) -> bytes:
        """At most so many bytes of a file."""

    @property
    def is_bundle(self) -> bool:
        return MANIFEST in self.sizes

    def read(self, path: str) -> bytes:
        """The content of a file.

        Raises:
            Unreadable: it cannot be read, or is larger than 16 MiB.
        """
        if self.sizes[path] > _MOST_BYTES_OF_ONE:
            raise Unreadable(f"it has {self.sizes[path]:,} bytes; {_MOST_BYTES_OF_ONE:,} are most")
        data = self._read(path, _MOST_BYTES_OF_ONE + 1)
        if len(data) > _MOST_BYTES_OF_ONE:
            raise Unreadable(f"it has more than {_MOST_BYTES_OF_ONE:,} bytes, which is the most")
        return data

    def text(self, path: str) -> str:
        """The content of a file as text.

        Raises:
            Unreadable: it cannot be read, is too large, or is no UTF-8.
        """
        try:
            return self.read(path).decode("utf-8")
        except UnicodeDecodeError as error:
            raise Unreadable(f"it is no text in UTF-8: {error.reason}") from error


class FolderFiles(HeldFiles):
    """The regular files under a folder. Links, pipes and devices are findings, never opened."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.findings = []
        is_bundle = (folder / MANIFEST).is_symlink() or (folder / MANIFEST).exists()
        found: dict[str, int] = {}
        total = 0
        for path, status in self._walk("", is_bundle):
            total += status.st_size
            if len(found) == MOST_FILES or total > MOST_BYTES:
                self.findings.append(too_much(str(folder)))
                break
            found[path] = status.st_size
        self.sizes = dict(sorted(found.items()))

    def close(self) -> None:
        """Nothing stays open between two reads."""

    def _walk(self, above: str, is_bundle: bool) -> Iterator[tuple[str, os.stat_result]]:
        with os.scandir(self.folder / above) as entries:
            listed = sorted(entries, key=lambda entry: entry.name)
        for entry in listed:
            path = f"{above}/{entry.name}" if above else entry.name
            if not is_bundle and not _is_of_results(path, entry):
                continue
            status = entry.stat(follow_symlinks=False)
            if (reason := why_unsafe(path) or _why_special(status)) is not None:
                self.findings.append(Finding("file", path, reason))
            elif stat.S_ISDIR(status.st_mode):
                yield from self._walk(path, is_bundle)
            else:
                yield path, status

    def _read(self, path: str, most: int) -> bytes:
        return _read_regular(self.folder / path, most)


@dataclass
class MadeFiles(HeldFiles):
    """Files that are in memory."""

    contents: Mapping[str, bytes]

    def __post_init__(self) -> None:
        self.sizes = {path: len(data) for path, data in sorted(self.contents.items())}
        self.findings = []

    def close(self) -> None:
        """Nothing is open."""

    def _read(self, path: str, most: int) -> bytes:
        return self.contents[path][:most]


def read_file(path: Path) -> bytes:
    """The content of a regular file of at most 16 MiB.

    Raises:
        Unreadable: it is none, or cannot be read.
    """
    data = _read_regular(path, _MOST_BYTES_OF_ONE + 1)
    if len(data) > _MOST_BYTES_OF_ONE:
        raise Unreadable(f"it has more than {_MOST_BYTES_OF_ONE:,} bytes, which is the most")
    return data


def _read_regular(path: Path, most: int) -> bytes:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK  # a pipe would be waited for
    try:
        with open(os.open(path, flags), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise Unreadable("it is no regular file")
            return file.read(most)
    except OSError as error:
        raise Unreadable(f"it cannot be read ({error.strerror})") from error


def _is_of_results(path: str, entry: os.DirEntry[str]) -> bool:
    """True for what belongs to results: boards, and the rooms without temporary files."""
    if entry.name.startswith("."):
        return False
    room, below, _ = path.partition("/")
    return room in _ROOMS if below or room in _ROOMS else room.endswith(".md")


def _why_special(status: os.stat_result) -> str | None:
    mode = status.st_mode
    if stat.S_ISLNK(mode):
        return "it is a symbolic link, and only files and folders may be here"
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        return "it is a pipe, a socket or a device, and only files and folders may be here"
    return None


def too_much(place: str) -> Finding:
    """The finding that not all of it was looked at."""
    most = f"{MOST_FILES:,} files or {MOST_BYTES:,} bytes"
    return Finding("file", place, f"it holds more than {most}; the rest was not looked at")
