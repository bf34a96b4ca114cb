"""Threads of one core each, for work in many small steps.

Where each tensor operation takes less than a millisecond, sharing every one of them between cores
gains nothing: waking the other cores costs as much. Such work is divided once instead, and each
core takes a part of it from start to end.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch


def divide_among_threads(work: Callable[[slice], None], count: int, least: int) -> None:
    """Call ``work`` on slices that cover ``range(count)``, each slice in a thread of its own.

    There are as many slices as PyTorch has threads, or fewer where one would be shorter than
    ``least``; a single slice is worked on by the caller with all of PyTorch's threads. ``work``
    writes what it finds; gradients are off in it, and inference mode is the caller's.

    Raises:
        Exception: what ``work`` raised first, after all threads have ended.
    """
    threads = torch.get_num_threads()
    parts = max(1, min(threads, count // least))
    if parts == 1:
        work(slice(0, count))
        return
    inference = torch.is_inference_mode_enabled()

    def work_alone(part: int) -> None:
        torch.set_num_threads(1)  # of this thread
        with torch.inference_mode(inference), torch.no_grad():
            work(slice(count * part // parts, count * (part + 1) // parts))

    try:
        with ThreadPoolExecutor(parts) as executor:
            for _ in executor.map(work_alone, range(parts)):
                pass
    finally:
        torch.set_num_threads(threads)  # of threads that start later
