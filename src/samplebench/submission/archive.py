"""Bundles as zip archives: read entry by entry, nothing is unpacked to disk."""

import stat
import struct
import zipfile
import zlib
from pathlib import Path
from typing import IO, Final

from samplebench.errors import UsageError
from samplebench.submission.findings import Finding, escape
from samplebench.submission.held_files import (
    MOST_BYTES,
    MOST_FILES,
    HeldFiles,
    Unreadable,
    too_much,
)
from samplebench.submission.safe_paths import why_unsafe

_MOST_RATIO: Final = 200
"""Bytes of a file for each byte in the archive: records deflate to a tenth, bombs to a
thousandth."""

_END: Final = b"PK\x05\x06"
_END_64: Final = b"PK\x06\x07"
_MOST_BYTES_OF_LIST: Final = 2**25
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class ArchiveFiles(HeldFiles):
    """The files of a zip archive whose path is safe and whose size is plausible.

    Raises:
        UsageError: it is no such archive, or its list of files is too large to read.
    """

    def __init__(self, archive: Path) -> None:
        self.findings = []
        self._opened = archive.open("rb")
        try:
            _require_short_list(self._opened)
            self._zip = zipfile.ZipFile(self._opened)
            self._choose(archive)
        except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error) as error:
            self._opened.close()
            raise UsageError(
                f"{escape(str(archive))} is no readable zip archive ({escape(str(error))}); give "
                "a results folder, or a bundle that `samplebench export` wrote"
            ) from error
        except BaseException:
            self._opened.close()
            raise

    def _choose(self, archive: Path) -> None:
        chosen: dict[str, zipfile.ZipInfo] = {}
        folded: set[str] = set()
        total = 0
        for entry in self._zip.infolist():
            path = entry.orig_filename  # zipfile cuts names at a NUL
            if entry.is_dir() and why_unsafe(path.removesuffix("/")) is None:
                continue
            total += entry.file_size
            if len(chosen) == MOST_FILES or total > MOST_BYTES:
                self.findings.append(too_much(str(archive)))
                break
            if (reason := why_unsafe(path) or _why_hostile(entry)) is not None:
                self.findings.append(Finding("file", path, reason))
            elif path.casefold() in folded:
                self.findings.append(Finding("file", path, "its path stands twice in the archive"))
            else:
                folded.add(path.casefold())
                chosen[path] = entry
        self._entries = dict(sorted(chosen.items()))
        self.sizes = {path: entry.file_size for path, entry in self._entries.items()}

    def close(self) -> None:
        """Close the archive."""
        self._zip.close()
        self._opened.close()

    def _read(self, path: str, most: int) -> bytes:
        try:
            with self._zip.open(self._entries[path]) as file:
                return file.read(most)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as error:
            raise Unreadable(f"it is damaged in the archive ({error})") from error
        except (NotImplementedError, RuntimeError) as error:
            raise Unreadable(f"it cannot be read ({error})") from error


def _why_hostile(entry: zipfile.ZipInfo) -> str | None:
    mode = entry.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return "it is a link or a device in the archive, and only files may be there"
    if entry.flag_bits & 0x1:
        return "it is encrypted"
    if entry.compress_type not in _METHODS:
        return "it is compressed by another method than deflate"
    if entry.file_size > _MOST_RATIO * max(1, entry.compress_size):
        return f"it would unpack to more than {_MOST_RATIO} times its size in the archive"
    return None


def _require_short_list(file: IO[bytes]) -> None:
    """Look at the end of an archive before ``zipfile`` reads its whole list of files.

    Raises:
        ValueError: there is no list, or a very long one.
    """
    length = file.seek(0, 2)
    start = max(0, length - (1 << 16) - 22)
    file.seek(start)
    tail = file.read()
    place = tail.rfind(_END)
    if place < 0 or len(tail) - place < 22:
        raise ValueError("it has no list of its files")
    if tail[max(0, place - 20) : place].startswith(_END_64):
        raise ValueError("it has a list of more than 65,535 files")
    (size,) = struct.unpack_from("<L", tail, place + 12)
    if size > _MOST_BYTES_OF_LIST:
        raise ValueError(f"the list of its files has {size:,} bytes")
    file.seek(0)
