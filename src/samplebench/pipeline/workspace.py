"""The site of a run: its folders, and the cache of artefacts in one of them.

Everything in the cache can be made again; it is safe to delete at any time.
"""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from samplebench.errors import StorageError
from samplebench.limits import Limits
from samplebench.registry.loading import Choice

_SIZES = "sizes.json"


@dataclass(frozen=True)
class Site:
    """The folders, device and plugins of a run. Plain, so that every process gets the same.

    Attributes:
        threads: of each process that carries out a stage.
        jobs: how many of these there are at the same time.
        limits: what each of them may take.
    """

    data_dir: Path
    workspace: Path
    results: Path
    device: str = "cpu"
    threads: int = 1
    jobs: int = 1
    limits: Limits = Limits()
    plugins: Choice = Choice()

    def artefact(self, kind: str, key: str, make: Callable[[Path], None]) -> Path:
        """The folder of an artefact in the workspace; ``make`` fills it if it is not there yet.

        It appears whole or not at all.

        Raises:
            StorageError: the disk is full, or the workspace cannot be written.
        """
        home = self.workspace / kind / key
        if home.is_dir():
            if _is_whole(home):
                return home
            shutil.rmtree(home)  # a disk or a person has damaged it; it can be made again
        with storing(self.workspace):
            home.parent.mkdir(parents=True, exist_ok=True)
            unfinished = Path(tempfile.mkdtemp(dir=home.parent, prefix=f".{key}."))
        try:
            make(unfinished)
            with storing(self.workspace):
                write_json(unfinished / _SIZES, _sizes(unfinished))
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
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def _put(unfinished: Path, home: Path) -> None:
    try:
        unfinished.rename(home)
    except OSError:
        if not home.is_dir():  # else another process was first, with the same content
            raise


def _sizes(folder: Path) -> dict[str, int]:
    return {file.name: file.stat().st_size for file in folder.iterdir() if file.name != _SIZES}


def _is_whole(folder: Path) -> bool:
    """Compare the size of every file with the size that it had when it was written."""
    try:
        return read_json(folder / _SIZES) == _sizes(folder)
    except (OSError, ValueError):
        return False
