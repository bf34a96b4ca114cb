"""The reception of workers: each is asked who it is before it is given a stage."""

import sys
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path

from samplebench.errors import StorageError, UsageError
from samplebench.pipeline.running.on_dask.connection import (
    Connection,
    NotSent,
    WorkerLost,
)
from samplebench.pipeline.running.on_dask.host import introduce
from samplebench.pipeline.running.on_dask.slots import Slots
from samplebench.pipeline.running.on_dask.worker import Introduction, Worker
from samplebench.pipeline.workspace import Site


@dataclass
class Reception:
    """Lets workers in that have the software of the run, and forgets those that are gone.

    Attributes:
        software: of the run; a worker with another would measure something else.
        run: a name of this run alone.
    """

    connection: Connection
    slots: Slots
    site: Site
    software: str
    preload: tuple[str, ...]
    run: str
    _refused: dict[str, str] = field(default_factory=dict)
    _said: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def probes(self) -> tuple[Path, ...]:
        """Files by which a worker finds out if it sees the folders of the run."""
        return tuple(
            folder / f".probe-{self.run}" for folder in (self.site.workspace, self.site.results)
        )

    def open(self) -> None:
        """Put the probes in their places.

        Raises:
            StorageError: a folder cannot be written.
        """
        for probe in self.probes:
            try:
                probe.parent.mkdir(parents=True, exist_ok=True)
                probe.touch()
            except OSError as error:
                raise StorageError(
                    f"{probe.parent} cannot be written ({error}); choose other folders with "
                    "--workspace and --results"
                ) from error

    def close(self) -> None:
        for probe in self.probes:
            probe.unlink(missing_ok=True)

    def greet(self, address: str) -> None:
        try:
            answers = self.connection.call(address, introduce, self.preload, self.probes, self.run)
        except (WorkerLost, NotSent):
            return  # it is greeted again when it is back
        except Exception as error:  # samplebench may not even be installed there
            self._refuse(address, f"{type(error).__name__}: {error}")
            return
        found = Introduction(**answers)
        if found.software != self.software:
            self._refuse(address, f"it has {found.software}, and here is {self.software}")
            return
        worker = describe_worker(address, found, self.site)
        if worker is None:
            self._refuse(address, "it has no GPU, which --device cuda asks for")
            return
        if not worker.shares:
            self.say("workers see none of the folders here: all that they need is sent to them")
        self.slots.add(worker)

    def miss(self, address: str) -> None:
        with self._lock:
            self._refused.pop(address, None)
        self.slots.drop(address)

    def lose_all(self) -> None:
        for worker in self.slots.workers:
            self.miss(worker.address)

    def give_up(self, error: Exception) -> None:
        self.slots.close(error)

    def say(self, text: str) -> None:
        """Print a notice, once."""
        with self._lock:
            if text in self._said:
                return
            self._said.add(text)
        print(f"samplebench: {text}", file=sys.stderr, flush=True)

    def dismiss(self, worker: Worker, reason: str) -> None:
        """Give a worker no more stages."""
        self.slots.drop(worker.address)
        self._refuse(worker.address, reason)

    def _refuse(self, address: str, reason: str) -> None:
        self.say(f"the worker {address} is not used: {reason}")
        with self._lock:
            self._refused[address] = reason
            left = self.connection.known - self._refused.keys()
        if not left:
            self.give_up(
                UsageError(
                    f"no worker of the cluster can be used. {address}: {reason}. Install the same "
                    "versions there, and start the workers again"
                )
            )


def describe_worker(address: str, found: Introduction, site: Site) -> Worker | None:
    """The worker that introduced itself; ``None`` if it lacks the GPU that the run needs."""
    room = found.threads
    gpus: tuple[str, ...] = ()
    if site.device.startswith("cuda"):
        stated = len(found.gpus) if found.stated_gpus is None else found.stated_gpus
        room = min(found.threads, stated) if found.gpus else 0
        if room == 0:
            return None
        gpus = tuple(found.gpus[place % len(found.gpus)] for place in range(room))
    there = replace(site, jobs=room)
    if not found.shares:
        home = found.home
        there = replace(
            there,
            data_dir=home / "data",
            workspace=home / "workspace",
            results=home / "results",
        )
    return Worker(
        address, found.id, room, there, found.shares, gpus, bool(gpus and found.stated_gpus)
    )
