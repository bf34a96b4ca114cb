"""Claims: of the runs that share a folder, one carries a stage out, and the others wait for it.

A claim is a lock on a file, which the system lets go when its process ends, however that is. So a
killed run blocks nobody.
"""

import fcntl
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from samplebench.digests import digest_of

_FOLDER: Final = ".claims"

_ATTEMPTS: Final = 100
"""More often than that in a row nobody removes a file or folder at the wrong moment."""


@dataclass
class Claim:
    """The right to do some work.

    Attributes:
        path: the file that is locked, and its descriptor; ``None`` where nothing is.
    """

    path: Path | None = None
    descriptor: int = -1

    def release(self) -> None:
        """Give it back, and remove the file. May be called again."""
        if self.path is None:
            return
        with suppress(OSError):  # somebody removed it
            self.path.unlink()
        os.close(self.descriptor)
        with suppress(OSError):  # others have claims there
            self.path.parent.rmdir()
        self.path = None


def take_claim(folder: Path | None, work: str) -> Claim | None:
    """Claim work in a folder that runs share; ``None`` while another run has it.

    There is no lock where nobody shares the work, where the system has none, and where the folder
    cannot be written, which the work itself will say.
    """
    if folder is None:
        return Claim()
    path = folder / _FOLDER / digest_of(work)
    for _ in range(_ATTEMPTS):
        try:
            descriptor = _open(path)
        except FileNotFoundError:  # the folder was removed meanwhile, as it was empty
            continue
        except OSError:
            return Claim()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except OSError:
            os.close(descriptor)
            return Claim()
        if _is_at(path, descriptor):
            return Claim(path, descriptor)
        os.close(descriptor)  # its owner removed it between the two calls
    return None


def _open(path: Path) -> int:
    """Open the file of a claim, never through a link that somebody put in its place."""
    path.parent.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        path.parent.mkdir()
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
        return os.open(path.name, flags, mode=0o666, dir_fd=folder)
    finally:
        os.close(folder)


def _is_at(path: Path, descriptor: int) -> bool:
    """Say if the file that is open is still the one that lies there."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False
