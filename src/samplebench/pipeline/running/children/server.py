"""The server from which children are forked in milliseconds."""

import multiprocessing
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import forkserver, resource_tracker
from typing import Any

import psutil

from samplebench.process_tree import kill_below

_CHILDREN: set[int] = set()
_CHANGING = threading.Lock()


def start(preload: tuple[str, ...]) -> None:
    """Start the server, which imports the modules named, unless it runs.

    Interrupts are blocked, also while it loads torch: the parent decides what an interrupt means,
    and one that comes meanwhile reaches it afterwards.
    """
    multiprocessing.get_context("forkserver").set_forkserver_preload(
        ["samplebench.pipeline.running.children.in_server", *preload]
    )
    resource_tracker.ensure_running()  # the server needs it, and its start lets signals through
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def adding(child: Any) -> Iterator[None]:
    """Take note of a child that is started in the block. Nobody looks for orphans meanwhile, among
    which it would be taken for one.
    """
    with _CHANGING:
        yield
        _CHILDREN.add(child.pid)


def forget_child(pid: int) -> None:
    """Forget a child that ended, and kill what it started that outlived it: the server, which has
    become its parent, has no children of its own.
    """
    with _CHANGING:
        _CHILDREN.discard(pid)
        home = forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined]  # no other way
        with suppress(psutil.NoSuchProcess):
            kill_below(psutil.Process(home), spared=_CHILDREN)
