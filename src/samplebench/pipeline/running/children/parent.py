"""A child process as its parent sees it: started, watched, ended."""

import multiprocessing
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Literal

import psutil

from samplebench.limits import Limits
from samplebench.pipeline.running.children import server
from samplebench.pipeline.running.children.child import live
from samplebench.pipeline.running.children.log_file import LogFile
from samplebench.process_tree import hold_more, kill_tree

_SECONDS_BETWEEN_LOOKS: Final = 0.1  # at the memory of a child that has a limit
_SECONDS_TO_END: Final = 5.0  # after its answer, for what a part left running in it

Work = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]


class ChildDied(RuntimeError):
    """A child process ended and gave no result.

    Attributes:
        kind: ``killed`` stands for any end by itself, the others for limits.
    """

    def __init__(
        self, reason: str, kind: Literal["killed", "timeout", "out-of-memory"] = "killed"
    ) -> None:
        super().__init__(reason)
        self.kind = kind


_STARTING = threading.Lock()


class Child:
    """A process that calls something once."""

    def __init__(self, work: Work, log: Path) -> None:
        """Start it.

        Raises:
            ChildDied: no process could be started.
            StorageError: its log cannot be written.
        """
        self._log = LogFile(log)
        context = multiprocessing.get_context("forkserver")
        self._answer, theirs = context.Pipe(duplex=False)
        output = Connection(self._log.entrance, readable=False)
        self._kills_before = _count_kills_for_memory()
        self._seen: psutil.Process | None = None
        self._process: Any = context.Process(target=live, args=(theirs, output, *work))
        try:
            with _nameless_main(), server.adding(self._process):
                self._process.start()
            self._seen = psutil.Process(self._process.pid)
        except psutil.NoSuchProcess:
            pass  # it is over already
        except (OSError, EOFError) as error:
            raise ChildDied(
                f"no process could be started ({type(error).__name__}: {error})"
            ) from error
        finally:
            theirs.close()
            output.close()
        self._started = time.monotonic()

    def kill(self) -> None:
        """Kill it, with everything that it started."""
        if self._seen is not None:
            kill_tree(self._seen)

    def wait(self, limits: Limits) -> Any:
        """Give its result, or raise its error. When this returns, it and what it started are gone.

        Raises:
            ChildDied: it ended without either, or took more than it may.
        """
        try:
            broken = self._watch(limits)
            # An answer that was sent counts, however the process ended.
            answer = self._receive() if broken is None else None
            self._process.join(_SECONDS_TO_END if answer else 0)
        finally:
            self.kill()
            self._process.join()
            server.forget_child(self._process.pid)
            last = self._log.finish()
            self._answer.close()
        if broken is not None:
            raise broken
        if answer is None:
            raise self._describe_end(last)
        result, problem = answer
        if problem is not None:
            raise problem
        return result

    def _watch(self, limits: Limits) -> ChildDied | None:
        """Wait until it answers or ends; or for the limit that it breaks."""
        deadline = self._started + limits.seconds if limits.seconds else None
        while True:
            left = deadline - time.monotonic() if deadline else None
            if left is not None and left <= 0:
                return ChildDied(
                    f"it took more than {limits.describe_time()}, the time that --timeout allows",
                    "timeout",
                )
            pause = min(left or 3600.0, _SECONDS_BETWEEN_LOOKS if limits.memory else 3600.0)
            if wait([self._answer, self._process.sentinel], pause):
                return None
            if limits.memory and self._seen and hold_more(self._seen, limits.memory):
                return ChildDied(
                    f"it took more than {limits.describe_memory()}, the memory that --memory "
                    "allows. Use a smaller batch or fewer samples",
                    "out-of-memory",
                )

    def _receive(self) -> tuple[Any, Exception | None] | None:
        """The result, or the error that was raised; nothing if it died without either."""
        with suppress(EOFError, OSError):
            if self._answer.poll():
                answer: tuple[Any, Exception | None] = self._answer.recv()
                return answer
        return None

    def _describe_end(self, last: str) -> ChildDied:
        """Describe its end, with the last line of what it printed."""
        said = f"; its last line: {last[:500]}" if last else ""
        code = self._process.exitcode
        if code is None or code >= 0:
            return ChildDied(f"the process ended with exit code {code} and gave no result{said}")
        name = signal.Signals(-code).name
        if name == "SIGKILL" and _count_kills_for_memory() > self._kills_before:
            return ChildDied(
                f"the system ended the process for lack of memory{said}", "out-of-memory"
            )
        return ChildDied(f"the process was killed by {name}{said}")


def _count_kills_for_memory() -> int:
    """The number of processes that the system ended for memory; 0 where it does not say."""
    with suppress(OSError, ValueError):
        lines = Path("/proc/vmstat").read_text(encoding="ascii").splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))
    return 0


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
