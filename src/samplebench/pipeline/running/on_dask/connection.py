"""The connection to a scheduler: who is there, and calls of which each gives an answer, or says
that its worker or the scheduler is gone.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError, ThreadPoolExecutor
from typing import Any, Final, Protocol, runtime_checkable

from distributed import Client, KilledWorker, fire_and_forget

from samplebench.errors import ClusterLost
from samplebench.pipeline.running.on_dask.host import WorkerEnds

_SECONDS_BETWEEN_LOOKS: Final = 0.5  # at who is there
_GREETED_AT_ONCE: Final = 32
_SECONDS_TO_COLLECT: Final = 60.0  # an answer that is there


class WorkerLost(RuntimeError):
    """A worker is gone, and with it what it was doing."""


class NotSent(RuntimeError):
    """The scheduler is gone with what was asked for, or the worker was gone before."""


@runtime_checkable
class Guests(Protocol):
    """Somebody who is told who is there; from other threads."""

    def greet(self, address: str) -> None: ...
    def miss(self, address: str) -> None: ...
    def lose_all(self) -> None: ...
    def give_up(self, error: Exception) -> None: ...
    def say(self, text: str) -> None: ...


class Connection:
    """Keeps in touch with a scheduler, and finds it again when it is lost.

    Args:
        connect: opens a client.
        patience: seconds in which a lost scheduler is looked for.
    """

    def __init__(self, connect: Callable[[], Client], *, patience: float) -> None:
        self._connect, self._patience = connect, patience
        self._client = connect()
        self._lock = threading.Lock()
        self._known: set[str] = set()
        self._open: dict[Future[None], str] = {}
        self._stopped = threading.Event()
        self._greeting = ThreadPoolExecutor(_GREETED_AT_ONCE, "samplebench-greeting")
        self._watching = threading.Thread(target=self._watch, name="samplebench-dask", daemon=True)

    @property
    def known(self) -> frozenset[str]:
        """The addresses of the workers that are there."""
        with self._lock:
            return frozenset(self._known)

    def start(self, guests: Guests, topic: str, hear: Callable[[Any], None]) -> None:
        """Tell ``guests`` of workers from now on, and ``hear`` what these say on a topic."""
        self._guests, self._topic, self._hear = guests, topic, hear
        self._listen()
        self._watching.start()

    def call(self, address: str, fn: Callable[..., Any], *args: Any, gpu: bool = False) -> Any:
        """Call ``fn`` on a worker, and on no other.

        Args:
            gpu: take one of the GPUs that the worker states as its resource.

        Raises:
            WorkerLost: the worker is gone.
            NotSent: the scheduler is, or the worker was before this was asked.
        """
        ended: Future[None] = Future()
        client = self._client
        with self._lock:
            self._open[ended] = address
        sent = None
        try:
            if address not in self.known or self._stopped.is_set():
                raise NotSent(address)
            with _losing_the_scheduler():
                # A name of its own, and neither retries nor other workers: if this call is lost,
                # nothing else is, and the run decides what to do.
                sent = client.submit(
                    fn,
                    *args,
                    workers=[address],
                    allow_other_workers=False,
                    pure=False,
                    retries=0,
                    resources={"GPU": 1} if gpu else None,
                )
                sent.add_done_callback(lambda _: _set(ended))
            ended.result()
            return _collect(sent, address)
        finally:
            with self._lock:
                del self._open[ended]
            if sent is not None:
                with contextlib.suppress(Exception):  # it may be the connection that is lost
                    sent.cancel()

    def post(self, address: str, fn: Callable[..., Any], *args: Any) -> None:
        """Call ``fn`` on a worker, and wait for nothing."""
        fire_and_forget(self._client.submit(fn, *args, workers=[address], pure=False))

    def forget(self, address: str) -> None:
        """Take a worker for one that has not joined yet: another may have its address."""
        with self._lock:
            self._known.discard(address)

    def close(self) -> None:
        """End; every call that is open is lost, and what it does on its worker is ended."""
        self._stopped.set()
        self._end_calls(None, NotSent("the run is over"))
        self._watching.join(timeout=5)
        self._greeting.shutdown(wait=False, cancel_futures=True)
        with contextlib.suppress(Exception):
            self._client.close(timeout=5)

    def _listen(self) -> None:
        self._client.subscribe_topic(self._topic, lambda event: self._hear(event[1]))

    def _watch(self) -> None:
        while not self._stopped.wait(_SECONDS_BETWEEN_LOOKS):
            try:
                if self._client.status != "running":
                    raise OSError("the scheduler does not answer")
                present = set(self._client.nthreads())
            except Exception:  # Dask raises many kinds, which all mean this
                if not self._stopped.is_set() and not self._find_again():
                    return
                continue
            self._compare(present)

    def _compare(self, present: set[str]) -> None:
        """Tell of workers that have joined, and of those that are gone."""
        with self._lock:
            gone, joined = self._known - present, present - self._known
            self._known = present
        for address in gone:
            self._guests.miss(address)
            self._end_calls({address}, WorkerLost(address))
        for address in joined:
            self._greeting.submit(self._guests.greet, address)

    def _find_again(self) -> bool:
        """Look for a scheduler that was lost; say if there is one again."""
        with self._lock:
            self._known = set()
        self._guests.lose_all()
        self._end_calls(None, NotSent("the scheduler is lost"))
        old = self._client
        threading.Thread(target=_close, args=(old,), daemon=True).start()
        self._guests.say(
            f"the scheduler of the cluster is lost; looking for it for {self._patience:.0f} s"
        )
        deadline = time.monotonic() + self._patience
        while time.monotonic() < deadline and not self._stopped.is_set():
            try:
                self._client = self._connect()
                self._listen()
            except Exception:  # there is none yet
                self._stopped.wait(_SECONDS_BETWEEN_LOOKS)
            else:
                self._guests.say("the scheduler is found again; what it had lost is sent anew")
                return True
        self._guests.give_up(
            ClusterLost(
                f"the scheduler of the cluster was lost, and not found again in "
                f"{self._patience:.0f} s. What was measured is kept: start the cluster, and the "
                "same command goes on"
            )
        )
        return False

    def _end_calls(self, addresses: set[str] | None, error: Exception) -> None:
        """End the calls that are open with an error: to these workers, or to all."""
        with self._lock:
            lost = [
                e for e, address in self._open.items() if not addresses or address in addresses
            ]
        for ended in lost:
            with contextlib.suppress(InvalidStateError):  # it has ended by itself
                ended.set_exception(error)


@contextlib.contextmanager
def _losing_the_scheduler() -> Any:
    try:
        yield
    except Exception as error:  # Dask raises many kinds; nothing of ours is called here
        raise NotSent(str(error)) from error


def _collect(sent: Any, address: str) -> Any:
    """The answer to a call that has ended."""
    try:
        return sent.result(timeout=_SECONDS_TO_COLLECT)
    except (KilledWorker, WorkerEnds) as error:
        raise WorkerLost(address) from error
    except (Exception, asyncio.CancelledError) as error:
        if sent.status == "error":
            raise  # what was called raised it
        raise NotSent(str(error)) from error  # cancelled, or not to be had any more


def _set(ended: "Future[None]") -> None:
    with contextlib.suppress(InvalidStateError):  # it was given up
        ended.set_result(None)


def _close(client: Client) -> None:
    with contextlib.suppress(Exception):
        client.close(timeout=5)
