"""The device and the threads that work is done on, and determinism there."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch

from samplebench.errors import UsageError


def usable_cores() -> int:
    """Count the processors that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def usable_threads() -> int:
    """Count one thread for each of these processors, or as many as OMP_NUM_THREADS allows."""
    return min(usable_cores(), stated_threads() or usable_cores())


def stated_threads() -> int | None:
    """Read how many threads OMP_NUM_THREADS allows; ``None`` if it states no number."""
    limit = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    return int(limit) or None if limit.isdigit() else None


def require_gpus(numbers: Iterable[int]) -> None:
    """Refuse GPUs that this machine does not have.

    Raises:
        UsageError: there is no such GPU here.
    """
    count = torch.cuda.device_count()
    there = ", ".join(map(str, range(count)))
    for number in numbers:
        if number >= count:
            have = f"its GPUs are {there}" if count else "there is none; leave --gpus out"
            raise UsageError(f"--gpus asks for GPU {number} of this machine, and {have}")


def choose_device(wanted: str) -> str:
    """The device that ``wanted`` names; ``auto`` is a CUDA device where there is one.

    Raises:
        UsageError: there is no such device here.
    """
    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(wanted)
        # Reading a number back is the only test that holds for every kind of device. It is one of
        # float64, which some devices lack, and in which samplers and metrics add up.
        torch.zeros(1, dtype=torch.float64, device=device).item()
    except (RuntimeError, AssertionError, TypeError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"device {wanted!r} cannot be used here ({reason}); try 'cpu'") from error
    return wanted


@contextmanager
def deterministic(threads: int) -> Iterator[None]:
    """Ask torch for the same numbers each time inside the block, with so many threads.

    It keeps that on one kind of processor: another kind rounds otherwise.
    """
    before = (
        torch.get_num_threads(),
        torch.backends.cudnn.benchmark,
        torch.backends.cudnn.allow_tf32,
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.set_num_threads(threads)
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.allow_tf32 = False  # float32 means float32
    # Some GPU operations have no deterministic form; they warn and run.
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        yield
    finally:
        number, benchmark, tf32, enabled, warn_only = before
        torch.set_num_threads(number)
        torch.backends.cudnn.benchmark, torch.backends.cudnn.allow_tf32 = benchmark, tf32
        torch.use_deterministic_algorithms(enabled, warn_only=warn_only)
