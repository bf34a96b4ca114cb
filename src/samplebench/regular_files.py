"""Reading files that somebody else may have put there: regular ones of a bounded size.

Anything else may lie under a name: a FIFO, whose reader waits for ever; a link to a device that
has no end; a sparse file larger than the memory.
"""

import errno
import os
import stat
from pathlib import Path
from typing import Final

MOST_BYTES: Final = 64 * 2**20
"""The largest file that is read whole. A record has about 50 KB, a picture about as much."""

_PIECE: Final = 2**20


def read_bytes(path: Path, *, most: int = MOST_BYTES, links: bool = True) -> bytes:
    """Read the content of a regular file.

    Args:
        most: the largest size in bytes.
        links: False to refuse a symbolic link too, which may lead out of its folder.

    Raises:
        OSError: it cannot be read, is no regular file, or is larger; ``strerror`` is a sentence
            that goes on from the name of the file.
    """
    _require_regular(path, os.stat(path, follow_symlinks=links), most)
    # Between that look and this one it may have become a FIFO, at which opening would wait.
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if links else os.O_NOFOLLOW)
    handle = os.open(path, flags)
    try:
        status = os.fstat(handle)
        _require_regular(path, status, most)
        content = _read_to_end(handle, expected=status.st_size, most=most)
    finally:
        os.close(handle)
    if len(content) > most:  # it grew, or lies in /proc, whose files state no size
        raise _too_large(path, most)
    return content


def _read_to_end(handle: int, *, expected: int, most: int) -> bytes:
    """Read all there is, but hardly more than ``most`` bytes.

    A buffered file would make room for all of ``most`` each time.
    """
    content = os.read(handle, expected + 1)
    if len(content) == expected:  # and the end was seen, for one more byte was asked for
        return content
    pieces, size = [content], len(content)
    while size <= most and (piece := os.read(handle, _PIECE)):
        pieces.append(piece)
        size += len(piece)
    return b"".join(pieces)


def read_text(path: Path, *, most: int = MOST_BYTES, links: bool = True) -> str:
    """Read a regular file as UTF-8, without the mark with which some editors begin files.

    Raises:
        OSError: as ``read_bytes``.
        UnicodeDecodeError: it is not UTF-8.
    """
    return read_bytes(path, most=most, links=links).decode("utf-8-sig")


def explain(error: OSError | ValueError) -> str:
    """Say what is wrong with a file in a few words, without its name."""
    if isinstance(error, UnicodeDecodeError):
        return f"it is no text in UTF-8 (byte {error.start})"
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _require_regular(path: Path, status: os.stat_result, most: int) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, f"it is {_name_kind(status.st_mode)}, no file", str(path))
    if status.st_size > most:
        raise _too_large(path, most)


def _too_large(path: Path, most: int) -> OSError:
    return OSError(errno.EFBIG, f"it is larger than {most:,} bytes, which none is", str(path))


def _name_kind(mode: int) -> str:
    kinds = {
        stat.S_ISDIR: "a folder",
        stat.S_ISLNK: "a link",
        stat.S_ISFIFO: "a FIFO",
        stat.S_ISSOCK: "a socket",
    }
    return next((name for asks, name in kinds.items() if asks(mode)), "a device")
