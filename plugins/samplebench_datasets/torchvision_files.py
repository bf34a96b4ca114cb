"""Files that torchvision downloads and reads: found, or fetched, or a clear word on why not."""

import os
import socket
import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Literal

from samplebench import DataMissing, Split
from samplebench_datasets.overlap import without_overlap

_SILENCE = 20.0
"""Seconds without a word from a server after which a download is given up."""

_FAILURES = (
    # what torchvision lets through when a server, a disk or a file is not as it should be
    *(OSError, HTTPException, tarfile.TarError, zlib.error, EOFError),
    *(RuntimeError, ValueError, TypeError, KeyError, AssertionError),
)


Half = Literal["train", "test"]

Open = Callable[[Path, Half, bool], Split]
"""Reads half of a dataset in a data folder; the last says whether to download it first."""

IsWhole = Callable[[Path], bool]
"""Whether a file is what was published, as far as one can tell."""


@dataclass(frozen=True)
class TorchvisionFiles:
    """A dataset's files under ``data_dir``, in torchvision's own layout.

    The folder is only written to when files are absent. A training image that is in test too is
    left out of train.
    """

    dataset: str
    data_dir: Path
    names: tuple[str, ...]
    open: Open
    is_whole: IsWhole

    def train(self) -> Split:
        return without_overlap(self._read("train"), self._read("test"))

    def test(self) -> Split:
        return self._read("test")

    def _read(self, half: Half) -> Split:
        paths = [self.data_dir / name for name in self.names]
        absent = [path for path in paths if not path.is_file()]
        try:
            with _impatient():
                return self.open(self.data_dir, half, bool(absent))
        except _FAILURES as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            if absent:
                raise DataMissing(self._absence(absent, reason)) from error
            raise DataMissing(self._damage(paths, reason)) from error

    def _absence(self, absent: list[Path], reason: str) -> str:
        return (
            f"The dataset '{self.dataset}' lacks these files:\n{_listed(absent)}\n"
            f"They could not be downloaded either: {reason}\n"
            "Where they lie in another folder, name it with --data-dir. "
            f"On a machine with a network, `samplebench run --dataset {self.dataset} --data-dir "
            f"{self.data_dir}` downloads them; copy them from there to the places above."
        )

    def _damage(self, paths: list[Path], reason: str) -> str:
        broken = [path for path in paths if not (os.access(path, os.R_OK) and self.is_whole(path))]
        return (
            f"The dataset '{self.dataset}' has files that are damaged or unreadable: {reason}\n"
            f"{_listed(broken or paths)}\n"
            f"Delete them, and `samplebench run --dataset {self.dataset} --data-dir "
            f"{self.data_dir}` downloads them anew where there is a network; or copy them again."
        )


def _listed(paths: Iterable[Path]) -> str:
    return "\n".join(f"  {path}" for path in paths)


@contextmanager
def _impatient() -> Iterator[None]:
    """Where a firewall drops packets, torchvision would wait for minutes at each address."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_SILENCE)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
