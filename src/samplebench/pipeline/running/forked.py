"""The executor that calls everything in a child process of its own.

Each child is forked in milliseconds from a server that has torch loaded, so that no child sees
what another did, and its peak of memory is its own.
"""

import os
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeVar

from samplebench.limits import Limits
from samplebench.pipeline.running.children import server
from samplebench.pipeline.running.children.gpus import call_on_gpu
from samplebench.pipeline.running.children.parent import Child, Work

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class ForkedExecutor(Executor):
    """Runs up to ``jobs`` children at a time.

    Args:
        jobs: how many.
        preload: names of modules that the server imports once for all children.
        logs: a folder; the output of a child goes to a file there, named by its first argument.
        limits: the time and memory that each child may take.
        gpus: names of devices; each child sees one of them alone, a free one while there are any.
    """

    def __init__(
        self,
        jobs: int,
        *,
        preload: tuple[str, ...],
        logs: Path,
        limits: Limits = Limits(),
        gpus: tuple[str, ...] = (),
    ) -> None:
        # Waiting threads that spin make small tensor work many times slower on a busy machine.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        self._waiting = ThreadPoolExecutor(jobs, "samplebench-child")
        self._preload, self._logs, self._limits = preload, logs, limits
        self._gpus: SimpleQueue[str] | None = None
        if gpus:
            self._gpus = SimpleQueue()
            for place in range(max(jobs, len(gpus))):
                self._gpus.put(gpus[place % len(gpus)])
        self._children: set[Child] = set()
        self._server_runs = self._stopped = False

    def submit(
        self, fn: Callable[Arguments, Result], /, *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Future[Result]:
        """Call ``fn`` in a child; the future has its result, or what it raised, or ChildDied."""
        if not self._server_runs:
            server.start(self._preload)
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
    ) -> Any:  # a pipe has no types
        if self._gpus is None:
            return self._live((fn, args, kwargs), self._log(args))
        gpu = self._gpus.get()
        try:
            return self._live((call_on_gpu, (gpu, fn, *args), kwargs), self._log(args))
        finally:
            self._gpus.put(gpu)

    def _live(self, work: Work, log: Path) -> Any:
        """Carry out work in a child, from its start to its end."""
        child = Child(work, log)
        self._children.add(child)
        if self._stopped:
            child.kill()
        try:
            return child.wait(self._limits)
        finally:
            self._children.discard(child)

    def _log(self, args: tuple[Any, ...]) -> Path:
        """The file for the output of a child."""
        title = getattr(args[0], "title", None) if args else None
        title = title if isinstance(title, str) else "child"
        name = "".join(character if character.isalnum() else "-" for character in title)[:120]
        return self._logs / f"{name}.log"
