"""The executors by name. A new one is a file, and a line here."""

import os
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from typing import Final

from samplebench.errors import UsageError
from samplebench.limits import Limits
from samplebench.pipeline.running.forked import ForkedExecutor
from samplebench.pipeline.running.inline import InlineExecutor
from samplebench.pipeline.running.left_out import LEFT_OUT
from samplebench.pipeline.workspace import Site


def _forked(site: Site) -> Executor:
    os.environ[LEFT_OUT] = ",".join(site.plugins.disabled)
    rooms = (*(["warm_plugins"] if site.plugins.installed else []), "warm")
    return ForkedExecutor(
        site.jobs,
        preload=tuple(f"samplebench.pipeline.running.{room}" for room in rooms),
        logs=site.workspace / "logs",
        limits=site.limits,
    )


def _inline(site: Site) -> Executor:
    if site.limits != Limits():
        raise UsageError(
            "--timeout and --memory are limits of processes, and the executor 'inline' starts "
            "none; use 'forked'"
        )
    return InlineExecutor()


def start_executor(name: str, site: Site) -> Executor:
    """Start the executor of that name.

    Raises:
        UsageError: there is none, or it cannot keep the limits.
    """
    if name not in EXECUTORS:
        raise UsageError(f"No executor is called {name!r}. There are: {', '.join(EXECUTORS)}.")
    return EXECUTORS[name](site)


EXECUTORS: Final[Mapping[str, Callable[[Site], Executor]]] = {
    "forked": _forked,
    "inline": _inline,
}
"""Each gives a ``concurrent.futures.Executor`` that carries out up to ``site.jobs`` at a time, one
in each process: threads and determinism are settings of a process."""
