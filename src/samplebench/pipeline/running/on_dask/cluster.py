"""Opening a cluster: a client of a scheduler that runs, or of a cluster that is started for it."""

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

from distributed import Client

from samplebench.errors import UsageError
from samplebench.pipeline.running.on_dask.cluster_file import ClusterFile, ClusterRequest

_SECONDS_TO_CONNECT: Final = 5.0
_PACKAGES: Final = {
    "dask_jobqueue": "dask-jobqueue",
    "dask_cuda": "dask-cuda",
    "dask_kubernetes": "dask-kubernetes",
    "dask": "distributed",
}


@dataclass(frozen=True)
class Cluster:
    """A cluster that can be connected to, again if need be.

    Attributes:
        close: ends it, if it was started for this run.
    """

    connect: Callable[[], Client]
    close: Callable[[], None]


def open_cluster(request: ClusterRequest) -> Cluster:
    """Open the cluster that is asked for.

    Raises:
        UsageError: it cannot be reached or started; the message says why.
    """
    if request.file is not None:
        started = start_cluster(request.file)
        return Cluster(lambda: _connect(started), lambda: _close(started))
    address = request.address or ""
    try:
        _connect(address).close(timeout=5)
    except (OSError, ValueError, TypeError) as error:
        raise UsageError(
            f"--dask-address {address}: no scheduler answers there ({error}); start one with "
            "`dask scheduler`, which prints its address: tcp://host:8786"
        ) from error
    return Cluster(lambda: _connect(address), lambda: None)


def start_cluster(file: ClusterFile) -> Any:
    """Start the cluster that a file describes, with as many workers as it says.

    Raises:
        UsageError: its package is missing, or it does not take these arguments.
    """
    module, _, name = file.kind.rpartition(".")
    try:
        kind = getattr(importlib.import_module(module), name)
    except ImportError as error:
        package = _PACKAGES[module.partition(".")[0]]
        raise UsageError(
            f"{file.kind} needs a package that is not installed ({error}): pip install {package}"
        ) from error
    try:
        started = kind(**file.arguments)
        with _closing_after_an_error(started):
            _scale(started, file)
    except Exception as error:  # each class raises its own kinds
        raise UsageError(
            f"{file.kind} does not start ({type(error).__name__}: {error}); its arguments stand "
            "below [cluster.arguments]"
        ) from error
    return started


@contextmanager
def _closing_after_an_error(started: Any) -> Iterator[None]:
    try:
        yield
    except BaseException:
        _close(started)
        raise


def _scale(cluster: Any, file: ClusterFile) -> None:
    scale = dict(file.scale)
    if "jobs" in scale:
        cluster.scale(jobs=scale["jobs"])
    elif "workers" in scale:
        cluster.scale(scale["workers"])


def _connect(place: Any) -> Client:
    # A client that is no default: a notebook keeps its own.
    return Client(place, timeout=_SECONDS_TO_CONNECT, set_as_default=False)


def _close(started: Any) -> None:
    with suppress(Exception):  # its workers end by themselves when the scheduler is gone
        started.close(timeout=10)
