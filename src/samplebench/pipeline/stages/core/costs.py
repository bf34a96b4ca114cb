"""Costs: wall and processor time of a stage, and its own peak of memory."""

import ctypes
import gc
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from samplebench.vocabulary import Cost

_STATUS = Path("/proc/self/status")


@contextmanager
def track_cost(device: torch.device, count: int) -> Iterator[Callable[[], Cost]]:
    """Track the block, and give it a function that returns its cost once it is over.

    Peaks count from what is held as the block begins, so that a small stage after a large one
    shows its own. On Linux the peak is the kernel's own count, set back at the start.
    """
    _synchronise(device)
    host_before, device_before = _reset_peaks(device)
    wall, processor = time.perf_counter(), time.process_time()
    costs: list[Cost] = []
    yield lambda: costs[0]
    _synchronise(device)
    costs.append(
        Cost(
            wall_seconds=time.perf_counter() - wall,
            cpu_seconds=time.process_time() - processor,
            host_peak_bytes=max(0, _host_peak() - host_before),
            device_peak_bytes=max(0, _device_peak(device) - device_before),
            count=count,
        )
    )


def median_cost(device: torch.device, count: int, work: Callable[[], object]) -> Cost:
    """The median of up to three runs of ``work``, which was warmed up before.

    Fewer runs when they take longer than a second together.
    """
    costs: list[Cost] = []
    while len(costs) < 3 and sum(cost.wall_seconds for cost in costs) < 1:
        with track_cost(device, count) as cost:
            work()
        costs.append(cost())
    return sorted(costs, key=lambda cost: cost.wall_seconds)[(len(costs) - 1) // 2]


def _synchronise(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _reset_peaks(device: torch.device) -> tuple[int, int]:
    """Forget earlier peaks, and return the bytes held now, on the host and on the device."""
    gc.collect()
    _give_back_free_memory()
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    held_on_device = torch.cuda.memory_allocated(device) if device.type == "cuda" else 0
    try:
        # Sets the kernel's peak back to what is held.
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:  # not on this system, or not allowed: only growth beyond the last peak shows
        return _host_peak(), held_on_device
    return _status_bytes("VmRSS"), held_on_device


def _give_back_free_memory() -> None:
    """Return to the system what earlier stages freed; it would hide what this one takes."""
    if os.name == "posix" and _STATUS.exists():
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc only
        if trim is not None:
            trim(0)


def _host_peak() -> int:
    if _STATUS.exists():
        return _status_bytes("VmHWM")
    import resource  # not on every system

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS


def _device_peak(device: torch.device) -> int:
    return torch.cuda.max_memory_allocated(device) if device.type == "cuda" else 0


def _status_bytes(field: str) -> int:
    for line in _STATUS.read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise OSError(f"{_STATUS} has no {field}")
