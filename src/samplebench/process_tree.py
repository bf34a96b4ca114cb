"""Trees of processes: a child with everything that it started, whatever group that is in."""

import ctypes
import signal
import sys
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil

_SET_PARENT_DEATH_SIGNAL: Final = 1
_SET_CHILD_SUBREAPER: Final = 36
"""Of Linux's prctl; other systems have no such thing."""

_MOST_SECONDS: Final = 5.0
"""After these, what cannot be killed, such as a process that waits for a disk, is left alone."""


def adopt_orphans() -> None:
    """Become the parent of processes below this one whose own parent ends, as daemons do."""
    _prctl(_SET_CHILD_SUBREAPER, 1)


def die_with_parent() -> None:
    """Be killed when the parent process ends."""
    _prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)


def be_first_to_go() -> None:
    """Have the system end this process, and not the runner, when memory runs out."""
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")


def kill_tree(root: psutil.Process) -> None:
    """Kill a process and everything below it. It is stopped first, so that it starts no more."""
    with suppress(psutil.Error):
        root.suspend()
    kill_below(root)
    with suppress(psutil.Error):
        root.kill()


def kill_below(root: psutil.Process, spared: Collection[int] = ()) -> None:
    """Kill the processes below one until there are none, with all that those start meanwhile.

    Args:
        spared: children of ``root`` that are kept, with what is below them.
    """
    deadline = time.monotonic() + _MOST_SECONDS
    while (doomed := _find_doomed(root, spared)) and time.monotonic() < deadline:
        for process in doomed:
            with suppress(psutil.Error):
                process.kill()
        time.sleep(0.005)


def hold_more(root: psutil.Process, limit: int) -> bool:
    """Say if a process and those below it hold more bytes, without files that they only read."""
    processes = [root, *_list_children(root, recursive=True)]
    # What a fork shares with its parent counts in both at first, and then, for longer, in shares.
    return sum(map(_hold, processes)) > limit and sum(map(_hold_alone, processes)) > limit


def _find_doomed(root: psutil.Process, spared: Collection[int]) -> list[psutil.Process]:
    doomed = [child for child in _list_children(root) if child.pid not in spared]
    below = [one for child in doomed for one in _list_children(child, recursive=True)]
    return [process for process in (*doomed, *below) if _is_alive(process)]


def _list_children(process: psutil.Process, *, recursive: bool = False) -> list[psutil.Process]:
    with suppress(psutil.Error):
        return process.children(recursive=recursive)
    return []


def _is_alive(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    return False


def _hold(process: psutil.Process) -> int:
    with suppress(psutil.Error):
        memory = process.memory_info()
        return int(memory.rss - getattr(memory, "shared", 0))
    return 0


def _hold_alone(process: psutil.Process) -> int:
    """The same, with each shared page divided by those who share it, where that is known."""
    with suppress(OSError, ValueError, KeyError):
        lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
        sizes = {words[0]: int(words[1]) for line in lines if len(words := line.split()) == 3}
        return 1024 * (sizes["Pss_Anon:"] + sizes["Pss_Shmem:"])
    return _hold(process)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)
