"""Trials of a folder: locks, atomic renames, flushes, long names, free space."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from samplebench.doctor.answer import Answer

_NAMES: Final = (255, 143, 100)
"""Lengths of file names that are tried: of most file systems, of encrypted ones, of records."""

_LITTLE: Final = 2**28
"""256 MiB: with less, a run may end with a full disk."""


def examine_folder(topic: str, folder: Path, option: str) -> Iterator[Answer]:
    """Try a folder, or the nearest one above it that exists, in a folder of its own there.

    Args:
        option: by which another folder is named.
    """
    place = _nearest(folder)
    where = str(folder) if place == folder else f"{folder}, which will be made"
    try:
        trial = Path(tempfile.mkdtemp(dir=place, prefix=".samplebench-doctor."))
    except OSError as error:
        found = f"{where}: cannot be written ({error.strerror})"
        yield Answer(topic, "folder", "problem", found, f"name another one with {option}")
        return
    try:
        yield Answer(topic, "folder", "ok", f"{where}: can be written")
        for name, attempt in _ATTEMPTS.items():
            yield _try(topic, name, attempt, trial, option)
    finally:
        shutil.rmtree(trial, ignore_errors=True)


def _nearest(folder: Path) -> Path:
    return next((p for p in (folder, *folder.parents) if p.exists()), folder)


def _try(
    topic: str, name: str, attempt: Callable[[Path], str], trial: Path, option: str
) -> Answer:
    try:
        return Answer(topic, name, "ok", attempt(trial))
    except OSError as error:
        reason = error.strerror or str(error)
        other = f"name a folder on a local disk with {option}"
        return Answer(topic, name, "problem", f"does not work ({reason})", other)


def _lock(trial: Path) -> str:
    """Lock a file, and see that a second lock on it is refused until the first is gone."""
    path = trial / "lock"
    path.touch()
    with path.open("r+b") as first, path.open("r+b") as second:
        fcntl.flock(first, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            fcntl.flock(first, fcntl.LOCK_UN)
            fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return "work: a second one waits for the first"
    raise OSError("two processes can hold one lock at the same time")


def _rename(trial: Path) -> str:
    """Replace a file and a folder by a rename; an open reader keeps the old file."""
    old, new = trial / "old", trial / "new"
    old.write_bytes(b"old")
    new.write_bytes(b"new")
    with old.open("rb") as reader:
        os.replace(new, old)
        if (reader.read(), old.read_bytes(), new.exists()) != (b"old", b"new", False):
            raise OSError("a reader of a replaced file sees neither the old nor the new one")
    (trial / "folder").mkdir()
    (trial / "folder").rename(trial / "renamed")
    return "are atomic: a reader sees the old file or the new one"


def _flush(trial: Path) -> str:
    with (trial / "flushed").open("wb") as file:
        file.write(b"x" * 4096)
        file.flush()
        os.fsync(file.fileno())
    return "work (fsync)"


def _name(trial: Path) -> str:
    for length in _NAMES:
        try:
            (trial / ("n" * length)).touch()
        except OSError:
            continue
        return f"up to {length} bytes or more" if length < _NAMES[0] else f"up to {length} bytes"
    raise OSError(f"names of {_NAMES[-1]} bytes are too long, and records need as much")


def _space(trial: Path) -> str:
    free = shutil.disk_usage(trial).free
    if free < _LITTLE:
        raise OSError(f"only {free / 2**20:,.0f} MiB are free")
    return f"{free / 2**30:,.1f} GiB are free"


_ATTEMPTS: Final[dict[str, Callable[[Path], str]]] = {
    "locks": _lock,
    "renames": _rename,
    "flushes": _flush,
    "file names": _name,
    "space": _space,
}
