"""A lock on a folder, for the time in which one process reads, compares and replaces files."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from samplebench.errors import StorageError

_LOCK_FILE = ".merge.lock"
"""Made only where a folder itself cannot be locked, as on some network file systems."""


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Hold the folder for the time of the block; another process that asks for it waits.

    The lock goes with the process, however that ends.

    Raises:
        StorageError: the folder cannot be made, or its file system has no locks.
    """
    import fcntl

    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise StorageError(
            f"{folder} cannot be used ({error.strerror}); choose another folder with --results"
        ) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
        except OSError:
            os.close(handle)
            handle = _lock_file(folder)
        yield
    finally:
        os.close(handle)


def _lock_file(folder: Path) -> int:
    import fcntl

    handle = -1
    try:
        handle = os.open(folder / _LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o644)
        fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError as error:
        if handle >= 0:
            os.close(handle)
        raise StorageError(
            f"files in {folder} cannot be locked ({error.strerror}), which merging takes; merge "
            "into a folder on a local disk, and copy that"
        ) from error
    return handle
