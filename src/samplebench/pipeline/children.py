"""Work in child processes, each forked in milliseconds from a server that has torch loaded."""

import multiprocessing
import os
import signal
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Generic, TypeVar

from samplebench.errors import SamplebenchError, StorageError
from samplebench.training import Progress

Result = TypeVar("Result")


@dataclass(frozen=True)
class Failure:
    """Why a child gave no result."""

    reason: str
    exit_code: int


class Children(Generic[Result]):
    """Runs one function at a time in a fresh child. The server starts with the first child.

    The server imports ``preload`` once; every child is a fork of it, so no child sees what another
    did, and its peak of memory is its own.
    """

    def __init__(self, *preload: str) -> None:
        # Waiting threads that spin make small tensor work many times slower on a busy machine.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        self.context = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload(list(preload))
        self._started = False

    def run(
        self,
        work: Callable[..., Result],
        *arguments: Any,
        log: Path,
        report: Callable[[Progress], None],
    ) -> Result | Failure:
        """``work(*arguments, report)`` in a child; what it prints goes to the file ``log``."""
        ours, theirs = self.context.Pipe(duplex=False)
        _make_room(log)
        child = self.context.Process(target=_child, args=(theirs, log, work, arguments))
        try:
            if not self._started:
                _start_server()
                self._started = True
            child.start()
        except (OSError, EOFError) as error:
            return Failure(f"no process could be started ({type(error).__name__}: {error})", 1)
        theirs.close()
        try:
            answer = _listen(ours, report)
        except BaseException:
            child.kill()
            raise
        finally:
            child.join()
            ours.close()
        return _died(child.exitcode, log) if answer is None else answer


def _start_server() -> None:
    """Start the server of children, which hears of no interrupt even while it loads torch: the
    parent decides what one means, and one that comes meanwhile reaches it afterwards.
    """
    resource_tracker.ensure_running()  # the server needs it, and its start lets signals through
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _make_room(log: Path) -> None:
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_bytes(b"")
    except OSError as error:
        raise StorageError(
            f"the workspace cannot be written ({error}); choose another folder with --workspace"
        ) from error


def _listen(connection: Connection, report: Callable[[Progress], None]) -> Any:
    """The child's answer; ``None`` if it died without one."""
    with suppress(EOFError):
        while True:
            message = connection.recv()
            if not isinstance(message, Progress):
                return message
            report(message)
    return None


def _died(exit_code: int | None, log: Path) -> Failure:
    last = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
    said = f"; its last line: {last[0]}" if last else ""
    if exit_code is not None and exit_code < 0:
        name = signal.Signals(-exit_code).name
        memory = ", which is how the system ends a process for memory" if name == "SIGKILL" else ""
        return Failure(f"the process was killed by {name}{memory}{said}", 1)
    return Failure(f"the process ended with exit code {exit_code} and gave no result{said}", 1)


def _child(
    connection: Connection,
    log: Path,
    work: Callable[..., Any],
    arguments: tuple[Any, ...],
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interrupt means
    with log.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    try:
        answer = work(*arguments, connection.send)
    except SamplebenchError as error:
        answer = Failure(str(error), error.exit_code)
    except MemoryError as error:
        answer = Failure(f"out of memory: {error}. Use a smaller batch or fewer samples", 1)
    except Exception as error:
        traceback.print_exc()  # into the log
        answer = Failure(_told(error), 1)
    connection.send(answer)
    connection.close()


def _told(error: Exception) -> str:
    """The error in one line, with the place in the source that raised it."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    name = type(error).__name__
    if name == "OutOfMemoryError":
        return f"out of memory on the device: {error}. Use a smaller batch or fewer samples"
    return f"{name}: {error} ({Path(place.filename).name}, line {place.lineno})"
