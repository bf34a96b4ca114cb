"""Files that torchvision downloads and reads, with a clear error where it cannot."""

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

from samplebench import DataMissing, Split, data_folders
from samplebench_datasets.overlap import remove_overlap

_SILENCE = 20.0
"""Seconds without data from a server after which a download fails."""

_FAILURES = (
    # the errors that torchvision raises for faulty servers, disks and files
    *(OSError, HTTPException, tarfile.TarError, zlib.error, EOFError),
    *(RuntimeError, ValueError, TypeError, KeyError, AssertionError),
)


Half = Literal["train", "test"]

Open = Callable[[Path, Half, bool], Split]
"""Reads half of a dataset in a data folder; if the last argument is true, downloads it first."""

IsWhole = Callable[[Path], bool]
"""Checks that a file is as published, as far as possible."""


@dataclass(frozen=True)
class TorchvisionFiles:
    """A dataset's files under ``data_dir``, in torchvision's own layout.

    If files are absent there, those of the site's folder are read if it has all; else they are
    downloaded, which is the only time that the folder is written to. A training image that is also
    a test image is left out of train.
    """

    dataset: str
    data_dir: Path
    names: tuple[str, ...]
    open: Open
    is_whole: IsWhole
    urls: Callable[[], Iterable[str]]
    """The addresses from which torchvision downloads them."""

    def train(self) -> Split:
        return remove_overlap(self._read("train"), self._read("test"))

    def test(self) -> Split:
        return self._read("test")

    def fetch(self) -> tuple[Path, ...]:
        """Download the files if they are absent, verify them, and return their places."""
        if self._absent(self._folder()):
            self._read("train")
            self._read("test")
        paths = tuple(self._folder() / name for name in self.names)
        if not all(self.is_whole(path) for path in paths):
            raise DataMissing(self._damage(list(paths), "they are not as published"))
        return paths

    def _folder(self) -> Path:
        """The first folder that has all files, or the user's."""
        folders = data_folders(self.data_dir)
        return next((folder for folder in folders if not self._absent(folder)), self.data_dir)

    def _absent(self, folder: Path) -> list[Path]:
        return [path for name in self.names if not (path := folder / name).is_file()]

    def _read(self, half: Half) -> Split:
        folder = self._folder()
        paths, absent = [folder / name for name in self.names], self._absent(folder)
        try:
            with _short_timeout():
                return self.open(folder, half, bool(absent))
        except _FAILURES as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            if absent:
                raise DataMissing(self._absence(absent, reason)) from error
            raise DataMissing(self._damage(paths, reason)) from error

    def _absence(self, absent: list[Path], reason: str) -> str:
        return (
            f"The dataset '{self.dataset}' lacks these files:\n{_list_paths(absent)}\n"
            f"They could not be downloaded either: {reason}\nThey come from:\n"
            + "\n".join(f"  {url}" for url in self.urls())
            + "\nIf they are in another folder, name it with --data-dir. On a machine with a "
            f"network, `samplebench fetch {self.dataset} --data-dir {self.data_dir}` downloads "
            "and unpacks them; copy them from there to the places above."
        )

    def _damage(self, paths: list[Path], reason: str) -> str:
        broken = [path for path in paths if not (os.access(path, os.R_OK) and self.is_whole(path))]
        return (
            f"The dataset '{self.dataset}' has files that are damaged or unreadable: {reason}\n"
            f"{_list_paths(broken or paths)}\n"
            f"Delete them, and `samplebench fetch {self.dataset} --data-dir {self.data_dir}` "
            "downloads them anew where there is a network; or copy them again."
        )


def _list_paths(paths: Iterable[Path]) -> str:
    return "\n".join(f"  {path}" for path in paths)


@contextmanager
def _short_timeout() -> Iterator[None]:
    """Shorten the timeout: where a firewall drops packets, torchvision would wait for minutes."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_SILENCE)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
