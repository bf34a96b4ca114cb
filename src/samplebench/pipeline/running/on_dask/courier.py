"""Artefacts and results over the wire, between a run and workers that do not see its folders."""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from samplebench.digests import digest_of_file
from samplebench.pipeline.running.on_dask.answer import Answer
from samplebench.pipeline.running.on_dask.connection import Connection, WorkerLost
from samplebench.pipeline.running.on_dask.host import give, receive, settle
from samplebench.pipeline.running.on_dask.worker import Worker
from samplebench.pipeline.stages.stage import Outcome
from samplebench.pipeline.workspace import DIGESTS, Site, read_json
from samplebench.results.record import Record
from samplebench.results.store import Store, write_whole

_PIECE: Final = 2**24
"""Bytes in one message, of which the scheduler holds as many as there are transfers."""


@dataclass(frozen=True)
class Parcel:
    """Files that belong together, and the place of their folder in a workspace.

    Attributes:
        name: of the folder, from the workspace: ``autoencoders/1f3a…``.
    """

    name: str
    files: Mapping[str, Path]

    def digests(self) -> dict[str, str]:
        return {name: digest_of_file(path) for name, path in self.files.items()}


class Courier:
    """Brings to workers what they lack, and back what they made.

    Args:
        site: that of the run.
    """

    def __init__(self, connection: Connection, site: Site) -> None:
        self._connection, self._site = connection, site
        self._lock = threading.Lock()
        self._delivering: dict[str, threading.Lock] = {}
        self._delivered: dict[str, set[str]] = {}

    def bring(self, worker: Worker, parcels: list[Parcel]) -> None:
        """Send what the worker lacks; what another stage has sent there is not sent again."""
        with self._lock:
            lock = self._delivering.setdefault(worker.id, threading.Lock())
            there = self._delivered.setdefault(worker.id, set())
        with lock:
            for parcel in parcels:
                if parcel.name not in there:
                    self._send(worker, parcel)
                    there.add(parcel.name)

    def take_back(self, worker: Worker, answer: Answer) -> Outcome:
        """Write the work of a stage to the folders of the run; its place there."""
        if answer.record is not None:
            return self._keep_record(answer)
        place: Path = answer.result
        name = place.relative_to(worker.site.workspace)
        with self._lock:
            self._delivered.setdefault(worker.id, set()).add(str(name))
        return self._site.artefact(
            str(name.parent), name.name, lambda folder: self._load(worker, answer, folder)
        )

    def _send(self, worker: Worker, parcel: Parcel) -> None:
        home = worker.site.workspace / parcel.name
        unfinished = home.with_name(f".{home.name}.arriving")
        for name, path in parcel.files.items():
            for offset, piece in _read_in_pieces(path):
                place = unfinished / name
                self._connection.call(worker.address, receive, worker.id, place, offset, piece)
        digests = parcel.digests()
        self._connection.call(worker.address, settle, worker.id, unfinished, home, digests)

    def _load(self, worker: Worker, answer: Answer, folder: Path) -> None:
        """Load the files of an artefact into a folder.

        Raises:
            WorkerLost: they are not what they were: the worker, or its disk, is not to be trusted.
        """
        for name, digest in answer.digests.items():
            place = answer.result / name
            with (folder / name).open("wb") as file:
                while piece := self._connection.call(
                    worker.address, give, worker.id, place, file.tell(), _PIECE
                ):
                    file.write(piece)
            if digest_of_file(folder / name) != digest:
                raise WorkerLost(worker.address)

    def _keep_record(self, answer: Answer) -> Path:
        assert answer.record is not None  # it is a cell's
        record, store = Record.from_json(answer.record), Store(self._site.results)
        if answer.picture is not None:
            write_whole(store.picture_path(record), answer.picture)
        return store.write(record)


def pack_artefact(place: Path, workspace: Path) -> Parcel:
    """The parcel of an artefact that lies in the workspace of the run."""
    names = [*read_json(place / DIGESTS), DIGESTS]
    return Parcel(str(place.relative_to(workspace)), {name: place / name for name in names})


def pack_file(kind: str, path: Path) -> Parcel:
    """The parcel of a single file, named by its content."""
    return Parcel(f"{kind}/{digest_of_file(path)[:24]}", {path.name: path})


def _read_in_pieces(path: Path) -> Iterator[tuple[int, bytes]]:
    """Each piece with the place where it begins; one of an empty file too."""
    with path.open("rb") as file:
        piece, offset = file.read(_PIECE), 0
        while piece or not offset:
            yield offset, piece
            offset += max(1, len(piece))
            piece = file.read(_PIECE)
