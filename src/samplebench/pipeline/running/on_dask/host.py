"""Tasks that the processes of workers carry out. They import no torch: children do the work."""

import multiprocessing
import shutil
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from distributed import get_worker

from samplebench.digests import digest_of_file
from samplebench.errors import StorageError
from samplebench.limits import Limits
from samplebench.pipeline.running.children.gpus import name_gpus
from samplebench.pipeline.running.forked import ForkedExecutor
from samplebench.pipeline.running.on_dask.packed import (
    Packed,
    Setting,
    carry_out_packed,
    describe_software,
)

_SECONDS_BETWEEN_LOOKS: Final = 0.25  # at the cluster, if it still wants this


class WorkerEnds(RuntimeError):
    """The worker that was meant is about to end, or has ended and another has its address."""


def introduce(preload: tuple[str, ...], probes: tuple[Path, ...], run: str) -> dict[str, Any]:
    """Answer the questions of a run, and start the server of children on the way."""
    worker = get_worker()
    home = Path(worker.local_directory) / f"samplebench-{run}"
    setting = Setting(preload, home / "logs", Limits())
    software, gpus = _call(setting, describe_software, "introduction")
    leave(home)  # until a run sends something there
    stated = worker.state.total_resources.get("GPU")
    return {
        "id": worker.id,
        "software": software,
        "home": home,
        "shares": all(probe.is_file() for probe in probes),
        "gpus": name_gpus(gpus),
        "stated_gpus": None if stated is None else int(stated),
        "threads": worker.state.nthreads,
    }


def carry_out_in_child(
    life: str, setting: Setting, packed: Packed, gpu: str | None, topic: str
) -> tuple[bytes | None, Exception | None]:
    """Do the work in a child; its answer, or what was raised. The child is killed when the cluster
    does not want the answer any more.
    """
    _require_life(life)
    look = _relay(packed.progress, topic) if packed.progress else None
    try:
        return _call(setting, carry_out_packed, packed, gpu=gpu, look=look), None
    except WorkerEnds:
        raise
    except Exception as error:  # the run decides what it means; for Dask, nothing failed
        return None, error


def receive(life: str, place: Path, offset: int, content: bytes) -> None:
    """Write a piece of a file; the first makes it."""
    _require_life(life)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("r+b" if offset else "wb") as file:
            file.seek(offset)
            file.write(content)
    except OSError as error:
        raise StorageError(
            f"the worker cannot write {place} ({error}); make room there"
        ) from error


def settle(life: str, unfinished: Path, home: Path, digests: dict[str, str]) -> None:
    """Put a folder that was received in its place, if all of it is there."""
    _require_life(life)
    found = {name: digest_of_file(unfinished / name) for name in digests}
    if found != digests:
        raise StorageError(f"{home.name} came to the worker with other content")
    home.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(home, ignore_errors=True)
    unfinished.rename(home)


def give(life: str, place: Path, offset: int, size: int) -> bytes:
    """Read a piece of a file."""
    _require_life(life)
    with place.open("rb") as file:
        file.seek(offset)
        return file.read(size)


def leave(home: Path) -> None:
    """Remove what a run that is over left on the disk of a worker."""
    shutil.rmtree(home, ignore_errors=True)


def _require_life(life: str) -> None:
    if get_worker().id != life:
        raise WorkerEnds


def _call(
    setting: Setting,
    fn: Callable[..., Any],
    argument: Packed | str,
    *,
    gpu: str | None = None,
    look: Callable[[], None] | None = None,
) -> Any:
    """Call ``fn`` in a child, and ``look`` a few times a second meanwhile."""
    # Dask marks the processes of workers as daemons, which Python lets have no children.
    multiprocessing.current_process()._config["daemon"] = False  # type: ignore[attr-defined]
    worker, key = get_worker(), get_worker().get_current_task()
    gpus = () if gpu is None else (gpu,)
    executor = ForkedExecutor(
        1, preload=setting.preload, logs=setting.logs, limits=setting.limits, gpus=gpus
    )
    try:
        future: Future[Any] = executor.submit(fn, argument)
        while not wait([future], _SECONDS_BETWEEN_LOOKS).done:
            if look:
                look()
            if not _is_wanted(worker, key):
                raise WorkerEnds
        return future.result()
    finally:
        executor.shutdown(wait=False, cancel_futures=True)


def _is_wanted(worker: Any, key: Any) -> bool:
    """Say if the worker goes on, and the task has neither been cancelled nor lost its client."""
    task = worker.state.tasks.get(key)
    goes_on = worker.status.name in ("running", "paused")
    return goes_on and task is not None and task.state in ("executing", "long-running")


def _relay(progress: Path, topic: str) -> Callable[[], None]:
    """Send the progress that a child writes to a file, whenever it is another."""
    worker, seen = get_worker(), [""]

    def look() -> None:
        with suppress(OSError):
            text = progress.read_text(encoding="utf-8")
            if text != seen[0]:
                worker.log_event(topic, {"file": progress.name, "progress": text})
                seen[0] = text

    return look
