"""The executor that has stages carried out on the workers of a Dask cluster.

Dask retries a task whose worker died, on one worker after another, and in the end fails all that
waited there. Here a worker is given no more than it carries out at once, a stage that was lost
with its worker goes to one that does nothing else meanwhile, and only a stage that goes on losing
its workers fails.
"""

import logging
import pickle
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from samplebench.errors import StorageError
from samplebench.pipeline.running.children.parent import ChildDied
from samplebench.pipeline.running.on_dask.answer import Answer, describe_versions
from samplebench.pipeline.running.on_dask.cluster import Cluster
from samplebench.pipeline.running.on_dask.connection import (
    Connection,
    NotSent,
    WorkerLost,
)
from samplebench.pipeline.running.on_dask.courier import Courier
from samplebench.pipeline.running.on_dask.host import carry_out_in_child, leave
from samplebench.pipeline.running.on_dask.packed import Packed, Setting
from samplebench.pipeline.running.on_dask.preparation import (
    Call,
    name_artefact,
    pack,
    pack_to_travel,
)
from samplebench.pipeline.running.on_dask.reception import Reception
from samplebench.pipeline.running.on_dask.relay import Relay
from samplebench.pipeline.running.on_dask.slots import Slot, Slots
from samplebench.pipeline.stages.data import DataStage
from samplebench.pipeline.stages.stage import Failure, Outcome
from samplebench.pipeline.workspace import Site

SECONDS_OF_PATIENCE = 60.0
"""In which a lost scheduler is looked for."""
_MOST_AHEAD: Final = 8
"""Stages that wait here, so that a worker that is free can have one that suits it."""
_MOST_LOSSES: Final = 2
"""So many times a stage that was lost with its worker is carried out again."""
_MOST_THREADS: Final = 4096
_SECONDS_UNTIL_NOTICE: Final = 30.0


class _WorkerFull(RuntimeError):
    """The disk of a worker takes no more."""


class DaskExecutor(Executor):
    """Carries out stages on workers, each in a child process there.

    Args:
        site: that of the run.
        preload: names of modules that the server of children imports on each worker.
        here: carries out the stages that need files which only this machine has.
        most: stages at once, however many workers there are.
    """

    def __init__(
        self,
        site: Site,
        cluster: Cluster,
        *,
        preload: tuple[str, ...],
        here: Executor,
        most: int | None = None,
    ) -> None:
        # It prints what happens to connections, also where that is dealt with here.
        self._level = logging.getLogger("distributed").level
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        self._site, self._cluster, self._preload = site, cluster, preload
        self._here, self._most = here, most
        self._slots = Slots()
        self._threads = ThreadPoolExecutor(_MOST_THREADS, "samplebench-stage")
        self._connection = Connection(cluster.connect, patience=SECONDS_OF_PATIENCE)
        self._courier = Courier(self._connection, site)
        run = uuid.uuid4().hex[:12]
        self._reception = Reception(
            self._connection, self._slots, site, describe_versions(), preload, run
        )
        self._relay = Relay()
        self._reception.open()
        self._connection.start(self._reception, run, self._relay.hear)
        self._notice = threading.Timer(_SECONDS_UNTIL_NOTICE, self._mention_absence)
        self._notice.daemon = True
        self._notice.start()
        self._is_over = False

    @property
    def room(self) -> int:
        """The number of stages that are welcome now."""
        room = self._slots.room
        room = max(1, room + min(room, _MOST_AHEAD))
        return room if self._most is None else min(room, self._most)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Have a stage carried out: ``fn`` is called with it, what it takes, and its report."""
        return self._threads.submit(self._carry_out, Call(fn, *args, **kwargs))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End; with ``cancel_futures`` children that are at work are killed."""
        if cancel_futures:
            self._slots.close(CancelledError("the run is over"))
            self._threads.shutdown(wait=False, cancel_futures=True)
            self._here.shutdown(wait=False, cancel_futures=True)
            self._end()
        self._threads.shutdown(wait=wait)
        self._end()

    def _end(self) -> None:
        if self._is_over:
            return
        self._is_over = True
        self._notice.cancel()
        for worker in self._slots.workers:
            if not worker.shares:
                with suppress(Exception):  # it may just be leaving
                    self._connection.post(worker.address, leave, worker.site.workspace.parent)
        self._reception.close()
        self._connection.close()
        self._here.shutdown(wait=False)
        self._cluster.close()
        logging.getLogger("distributed").setLevel(self._level)

    def _mention_absence(self) -> None:
        if not self._slots.room:
            self._reception.say("no worker of the cluster is ready yet; waiting for one")

    def _carry_out(self, call: Call) -> Outcome:
        losses = 0
        while True:
            slot = self._slots.take(call.artefacts, alone=losses > 0)
            held: frozenset[str] = frozenset()
            try:
                outcome = self._carry_out_in(slot, call)
                held = call.artefacts | _names(outcome, call)
                return outcome
            except NotSent:
                continue  # that is no fault of the stage; slots come when there is one again
            except _WorkerFull as error:
                self._reception.dismiss(slot.worker, str(error))
            except WorkerLost as error:
                self._reception.miss(slot.worker.address)
                self._connection.forget(slot.worker.address)
                losses += 1
                if losses > _MOST_LOSSES:
                    raise ChildDied(
                        f"the worker {slot.worker.address} was lost while it carried this out, as "
                        f"were {losses - 1} others before it"
                    ) from error
            finally:
                self._slots.give_back(slot, held)

    def _carry_out_in(self, slot: Slot, call: Call) -> Outcome:
        """Carry it out on the worker of a slot, or here if it needs files of this machine."""
        worker = slot.worker
        if not worker.shares and isinstance(call.stage, DataStage):
            return self._carry_out_here(call)
        send = self._send if worker.shares else self._send_with_files
        outcome = send(slot, call)
        if isinstance(outcome, Failure) and outcome.kind == "missing":
            found = self._carry_out_here(call)
            return outcome if isinstance(found, Failure) and found.kind != "missing" else found
        return outcome

    def _send(self, slot: Slot, call: Call) -> Outcome:
        result: Outcome = self._ask(slot, pack(call, slot.worker), self._site.workspace).result
        return result

    def _send_with_files(self, slot: Slot, call: Call) -> Outcome:
        worker = slot.worker
        try:
            packed, parcels = pack_to_travel(call, worker)
        except OSError:  # somebody removed an artefact: it is made again here, where all data are
            return self._carry_out_here(call)
        try:
            self._courier.bring(worker, parcels)
            with self._relay.listening(call.report):
                answer = self._ask(slot, packed, worker.site.workspace)
        except StorageError as error:
            raise _WorkerFull(str(error)) from error
        outcome: Outcome = answer.result
        if isinstance(outcome, Failure) and outcome.kind == "storage":
            raise _WorkerFull(outcome.reason)
        return self._courier.take_back(worker, answer) if isinstance(outcome, Path) else outcome

    def _ask(self, slot: Slot, packed: Packed, workspace: Path) -> Answer:
        """Have a child of the worker do the work."""
        worker = slot.worker
        content, error = self._connection.call(
            worker.address,
            carry_out_in_child,
            worker.id,
            Setting(self._preload, workspace / "logs", self._site.limits),
            packed,
            worker.gpus[slot.number] if worker.gpus else None,
            self._reception.run,
            gpu=worker.takes_resource,
        )
        if error is not None:
            raise error
        answer: Answer = pickle.loads(content)
        return answer

    def _carry_out_here(self, call: Call) -> Outcome:
        future: Future[Outcome] = self._here.submit(call.fn, call.stage, call.made, call.report)
        return future.result()


def _names(outcome: Outcome, call: Call) -> frozenset[str]:
    """The name of the artefact that was made, by which its worker is found again."""
    if not isinstance(outcome, Path):
        return frozenset()
    return frozenset({name_artefact(outcome, call.stage.site.workspace)})
