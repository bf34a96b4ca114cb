"""The life of a child process, as it is seen from within."""

import os
import traceback
from collections.abc import Callable
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from typing import Any

import psutil

from samplebench.process_tree import (
    adopt_orphans,
    be_first_to_go,
    die_with_parent,
    kill_below,
)


def live(
    answer: Connection,
    log: Connection,
    fn: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> None:
    """Call ``fn`` and send what it gives or raises; then kill what it started and left running."""
    os.setsid()  # what is sent to the runner's group, such as an interrupt, the runner decides on
    adopt_orphans()
    die_with_parent()
    _let_the_server_end()
    be_first_to_go()
    for stream in (1, 2):
        os.dup2(log.fileno(), stream)
    log.close()
    result, problem = None, None
    try:
        result = fn(*args, **kwargs)
    except Exception as error:
        traceback.print_exc()  # into the log
        problem = error
    kill_below(psutil.Process())
    answer.send((result, problem))
    answer.close()


def _let_the_server_end() -> None:
    """Close the pipe that tells the server somebody needs it, which children are given too: the
    server ends with the runner, and its children with it.
    """
    server = vars(forkserver)["_forkserver"]  # there is no public way
    if server._forkserver_alive_fd is not None:
        os.close(server._forkserver_alive_fd)
        server._forkserver_alive_fd = None
