"""A worker of a cluster, as the run sees it."""

from dataclasses import dataclass
from pathlib import Path

from samplebench.pipeline.workspace import Site


@dataclass(frozen=True)
class Introduction:
    """The answers of a worker that has joined.

    Attributes:
        id: of this life of the worker; one that is started again at its address has another.
        software: the versions on which numbers depend.
        home: a folder of its own.
        shares: True if it sees the folders of the run.
        gpus: the devices that it may use, as CUDA_VISIBLE_DEVICES names them.
        stated_gpus: how many it states as its resource "GPU"; None if it states none.
        threads: how many tasks it takes at once.
    """

    id: str
    software: str
    home: Path
    shares: bool
    gpus: tuple[str, ...]
    stated_gpus: int | None
    threads: int


@dataclass(frozen=True)
class Worker:
    """A worker that takes stages.

    Attributes:
        room: how many stages it carries out at once.
        site: the folders to work with there.
        shares: True if these are the run's own.
        gpus: one for each of its stages, if they need one.
        takes_resource: True if the scheduler counts its GPUs.
    """

    address: str
    id: str
    room: int
    site: Site
    shares: bool
    gpus: tuple[str, ...] = ()
    takes_resource: bool = False
