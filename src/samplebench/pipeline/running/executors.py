"""The executors by name. A new one is a file, and a line here."""

import os
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from typing import Final

import torch

from samplebench.errors import UsageError
from samplebench.limits import Limits
from samplebench.pipeline.running.children.gpus import name_gpus
from samplebench.pipeline.running.forked import ForkedExecutor
from samplebench.pipeline.running.inline import InlineExecutor
from samplebench.pipeline.running.left_out import LEFT_OUT
from samplebench.pipeline.running.on_dask.cluster_file import ClusterRequest
from samplebench.pipeline.workspace import Site


def _forked(site: Site, cluster: ClusterRequest | None) -> Executor:
    del cluster  # that is for others
    os.environ[LEFT_OUT] = ",".join(site.plugins.disabled)
    return ForkedExecutor(
        site.jobs,
        preload=_preload(with_plugins=site.plugins.installed),
        logs=site.workspace / "logs",
        limits=site.limits,
        gpus=name_gpus(torch.cuda.device_count(), site.gpus) if site.gpus else (),
    )


def _dask(site: Site, cluster: ClusterRequest | None) -> Executor:
    if cluster is None:
        raise UsageError("--executor dask needs a cluster: --dask-address, or --dask-config")
    try:
        from samplebench.pipeline.running.on_dask.cluster import open_cluster
        from samplebench.pipeline.running.on_dask.executor import DaskExecutor
    except ModuleNotFoundError as error:
        raise UsageError(
            f"--executor dask needs a package that is not installed ({error}): "
            "pip install 'samplebench[dask]'"
        ) from error
    opened = open_cluster(cluster)
    try:
        return DaskExecutor(
            site,
            opened,
            # Nobody tells a server on a worker what to leave out.
            preload=_preload(with_plugins=site.plugins.installed and not site.plugins.disabled),
            here=_forked(site, None),
            most=cluster.most,
        )
    except BaseException:
        opened.close()  # nobody else would end its jobs
        raise


def _preload(*, with_plugins: bool) -> tuple[str, ...]:
    """The modules that servers of children import."""
    rooms = (*(["warm_plugins"] if with_plugins else []), "warm")
    return tuple(f"samplebench.pipeline.running.{room}" for room in rooms)


def _inline(site: Site, cluster: ClusterRequest | None) -> Executor:
    del cluster
    if site.limits != Limits():
        raise UsageError(
            "--timeout and --memory are limits of processes, and the executor 'inline' starts "
            "none; use 'forked'"
        )
    return InlineExecutor()


def start_executor(name: str, site: Site, cluster: ClusterRequest | None = None) -> Executor:
    """Start the executor of that name.

    Args:
        cluster: the one to use, for the executor that uses one.

    Raises:
        UsageError: there is none, or it cannot keep the limits.
    """
    if name not in EXECUTORS:
        raise UsageError(f"No executor is called {name!r}. There are: {', '.join(EXECUTORS)}.")
    return EXECUTORS[name](site, cluster)


EXECUTORS: Final[Mapping[str, Callable[[Site, ClusterRequest | None], Executor]]] = {
    "forked": _forked,
    "inline": _inline,
    "dask": _dask,
}
"""Each gives a ``concurrent.futures.Executor`` that carries out up to ``site.jobs`` at a time, one
in each process: threads and determinism are settings of a process."""
