"""Opening a bundle or a results folder, whichever a path is."""

import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from samplebench.errors import UsageError
from samplebench.submission.archive import ArchiveFiles
from samplebench.submission.findings import escape
from samplebench.submission.held_files import FolderFiles, HeldFiles

_WANTED: Final = "give a results folder, or a bundle that `samplebench export` wrote"


@contextmanager
def open_files(path: Path) -> Iterator[HeldFiles]:
    """Open a bundle, folder or archive, or a results folder for the time of the block.

    Raises:
        UsageError: there is nothing of the kind, or it holds no records.
    """
    with _open(path) as files:
        if not files.is_bundle and not files.findings and not any(map(_is_record, files.sizes)):
            raise UsageError(f"{escape(str(path))} holds no records; {_WANTED}")
        yield files


@contextmanager
def _open(path: Path) -> Iterator[HeldFiles]:
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            files: HeldFiles = FolderFiles(path)
        elif stat.S_ISREG(mode):
            files = ArchiveFiles(path)
        else:
            raise UsageError(f"{escape(str(path))} is neither a folder nor a file; {_WANTED}")
    except (OSError, ValueError) as error:  # a ValueError is a NUL in the path
        raise UsageError(f"{escape(str(path))} cannot be read ({error}); {_WANTED}") from error
    with closing(files):
        yield files


def _is_record(path: str) -> bool:
    return path.startswith("records/") and path.endswith(".json")
