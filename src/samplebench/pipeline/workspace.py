"""The site of a run: its folders, and the cache of artefacts in one of them.

Everything in the cache can be made again; it is safe to delete at any time.
"""

import errno
import json
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from samplebench.digests import digest_of_file
from samplebench.errors import StorageError
from samplebench.limits import Limits
from samplebench.registry.loading import Choice
from samplebench.regular_files import read_text

DIGESTS = "digests.json"


@dataclass(frozen=True)
class Site:
    """The folders, device and plugins of a run. Plain, so that every process gets the same.

    Attributes:
        threads: of each process that carries out a stage.
        jobs: how many of these there are at the same time.
        limits: what each of them may take.
        gpus: the numbers of GPUs that they share out, one for each; empty for all that there are.
    """

    data_dir: Path
    workspace: Path
    results: Path
    device: str = "cpu"
    threads: int = 1
    jobs: int = 1
    limits: Limits = Limits()
    plugins: Choice = Choice()
    gpus: tuple[int, ...] = ()

    def artefact(self, kind: str, key: str, make: Callable[[Path], None]) -> Path:
        """The folder of an artefact in the workspace; ``make`` fills it if it is not there yet.

        It appears whole or not at all, and what was changed since then is made again: the files
        of one that is there are digested, which takes a second for two gigabytes.

        Raises:
            StorageError: the disk is full, or the workspace cannot be written.
        """
        home = self.workspace / kind / key
        if _is_whole(home):
            return home
        with storing(self.workspace):
            _remove(home)  # a disk or a person has damaged it; it can be made again
            home.parent.mkdir(parents=True, exist_ok=True)
            unfinished = Path(tempfile.mkdtemp(dir=home.parent, prefix=f".{key}."))
        try:
            make(unfinished)
            with storing(self.workspace):
                write_json(unfinished / DIGESTS, _digests(unfinished))
                _put(unfinished, home)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
        return home


@contextmanager
def storing(place: Path) -> Iterator[None]:
    """Report what goes wrong in the block as something that could not be written to ``place``."""
    try:
        yield
    except (OSError, SafetensorError) as error:
        raise StorageError(
            f"the workspace cannot be written at {place} ({error}); "
            "make room, or choose another folder with --workspace"
        ) from error


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")


def read_json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(read_text(path))
    return content


def _put(unfinished: Path, home: Path) -> None:
    try:
        unfinished.rename(home)
    except OSError:
        if not home.is_dir():  # else another process was first, with the same content
            raise


def _remove(place: Path) -> None:
    """Remove whatever lies there: a folder, a file, a link, or nothing."""
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)


def _digests(folder: Path) -> dict[str, str]:
    """The digest of every file but that of the digests.

    Raises:
        OSError: something is no regular file, or cannot be read.
    """
    files = sorted(folder.iterdir())
    return {file.name: _digest(file) for file in files if file.name != DIGESTS}


def _digest(file: Path) -> str:
    if not stat.S_ISREG(file.lstat().st_mode):
        raise OSError(errno.EINVAL, "it is no regular file", str(file))
    return digest_of_file(file)


def _is_whole(folder: Path) -> bool:
    """Compare the digest of every file with the one that it had when it was written."""
    try:
        return read_json(folder / DIGESTS) == _digests(folder)
    except (OSError, ValueError, RecursionError):
        return False
