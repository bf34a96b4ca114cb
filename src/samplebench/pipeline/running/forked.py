"""The executor that calls everything in a child process of its own.

Each child is forked in milliseconds from a server that has torch loaded, so that no child sees
what another did, and its peak of memory is its own.
"""

import multiprocessing
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType
from typing import Any, ParamSpec, TypeVar

from samplebench.errors import StorageError

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class ChildDied(RuntimeError):
    """A child process ended and gave no result."""


_STARTING = threading.Lock()


@contextmanager
def _nameless_main() -> Iterator[None]:
    """Hide the program that runs, which a child would import anew and so carry out again.

    Nothing that children are given is defined there.
    """
    with _STARTING:
        program = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = program


class ForkedExecutor(Executor):
    """Runs up to ``jobs`` children at a time.

    Args:
        jobs: how many.
        preload: names of modules that the server imports once for all children.
        logs: a folder; the output of a child goes to a file there, named by its first argument.
    """

    def __init__(self, jobs: int, *, preload: tuple[str, ...], logs: Path) -> None:
        # Waiting threads that spin make small tensor work many times slower on a busy machine.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(list(preload))
        self._waiting = ThreadPoolExecutor(jobs, "samplebench-child")
        self._logs = logs
        self._children: set[Any] = set()
        self._server_runs = self._stopped = False

    def submit(
        self, fn: Callable[Arguments, Result], /, *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Future[Result]:
        """Call ``fn`` in a child; the future has its result, or what it raised, or ChildDied."""
        if not self._server_runs:
            _start_server()
            self._server_runs = True
        return self._waiting.submit(self._call, fn, args, kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End; with ``cancel_futures`` children that are at work are killed."""
        if cancel_futures:
            self._stopped = True
            self._waiting.shutdown(wait=False, cancel_futures=True)
            for child in list(self._children):
                child.kill()
        self._waiting.shutdown(wait=wait)

    def _call(
        self, fn: Callable[..., Result], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Result:
        log = self._log(args)
        ours, theirs = self._context.Pipe(duplex=False)
        child = self._context.Process(target=_child, args=(theirs, log, fn, args, kwargs))
        try:
            with _nameless_main():
                child.start()
        except (OSError, EOFError) as error:
            raise ChildDied(
                f"no process could be started ({type(error).__name__}: {error})"
            ) from error
        self._children.add(child)
        if self._stopped:
            child.kill()
        theirs.close()
        answer = _receive(ours)
        child.join()
        self._children.discard(child)
        ours.close()
        if answer is None:
            raise ChildDied(_describe_end(child.exitcode, log))
        result, problem = answer
        if problem is not None:
            raise problem
        return result  # type: ignore[no-any-return] # a pipe knows no types

    def _log(self, args: tuple[Any, ...]) -> Path:
        """An empty file for the output of a child."""
        title = getattr(args[0], "title", None) if args else None
        title = title if isinstance(title, str) else "child"
        name = "".join(character if character.isalnum() else "-" for character in title)[:120]
        log = self._logs / f"{name}.log"
        try:
            log.parent.mkdir(parents=True, exist_ok=True)
            log.write_bytes(b"")
        except OSError as error:
            raise StorageError(
                f"the workspace cannot be written ({error}); choose another folder with "
                "--workspace"
            ) from error
        return log


def _start_server() -> None:
    """Start the server of children with interrupts blocked, also while it loads torch: the parent
    decides what an interrupt means, and one that comes meanwhile reaches it afterwards.
    """
    resource_tracker.ensure_running()  # the server needs it, and its start lets signals through
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _receive(connection: Connection) -> tuple[Any, Exception | None] | None:
    """A child's result, or the error that it raised; nothing if it died without either."""
    try:
        answer: tuple[Any, Exception | None] = connection.recv()
        return answer
    except EOFError:
        return None


def _describe_end(exit_code: int | None, log: Path) -> str:
    """Describe the end of a child, with the last line of its output."""
    last = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
    said = f"; its last line: {last[0]}" if last else ""
    if exit_code is not None and exit_code < 0:
        name = signal.Signals(-exit_code).name
        memory = ", which is how the system ends a process for memory" if name == "SIGKILL" else ""
        return f"the process was killed by {name}{memory}{said}"
    return f"the process ended with exit code {exit_code} and gave no result{said}"


def _child(
    connection: Connection,
    log: Path,
    fn: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interrupt means
    with log.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    result, problem = None, None
    try:
        result = fn(*args, **kwargs)
    except Exception as error:
        traceback.print_exc()  # into the log
        problem = error
    connection.send((result, problem))
    connection.close()
