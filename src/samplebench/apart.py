"""Calls in a forked process: what one raises, ends, keeps waiting or changes stays there.

Parts are others' code. Where processes cannot be forked safely, which is everywhere but on Linux,
calls happen in this process, and only what they raise is kept from it.
"""

import gc
import os
import pickle
import signal
import sys
import time
import warnings
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any, Final, TypeVar, cast

import psutil

from samplebench.error_text import cut, describe, describe_with_place
from samplebench.errors import SamplebenchError, UsageError
from samplebench.missing import Missing
from samplebench.process_tree import (
    adopt_orphans,
    be_first_to_go,
    die_with_parent,
    kill_below,
    kill_tree,
)

T = TypeVar("T")

SECONDS: Final = 60.0
"""For one call: to import the slowest libraries from a cold disk takes half of this."""

VARIABLE: Final = "SAMPLEBENCH_ANSWER_SECONDS"
"""The environment variable that replaces these seconds."""

CAN_FORK: Final = sys.platform == "linux"
"""Frameworks of other systems do not survive a fork."""

_SECONDS_BETWEEN_LOOKS: Final = 0.1  # at a child whose pipe something else may hold open
_LARGEST: Final = 2**24
"""Bytes of an answer."""


@dataclass(frozen=True)
class Fault(Missing):
    """Stands where a call gave no answer: it raised something."""


@dataclass(frozen=True)
class Died(Fault):
    """Stands where a call ended its process, or took too long."""


def call_apart(calls: Sequence[Callable[[], T]]) -> Generator[T | Missing, None, None]:
    """Call one after the other in a child process; give each answer, which can be pickled.

    A ``Fault`` stands for one that raised anything, and for an error of samplebench, which a part
    raises to say something, its text.

    After a ``Died`` there are no more. The child goes on while the answers are used.
    """
    if not calls:
        return
    if not CAN_FORK:
        yield from (
            cast("T | Missing", pickle.loads(_answer(call, passes=(KeyboardInterrupt,))))
            for call in calls
        )
        return
    child = _Child(calls)
    try:
        for _ in calls:
            answer = child.receive()
            yield answer
            if isinstance(answer, Died):
                return
    finally:
        child.end()


def seconds_allowed() -> float:
    """The seconds that one call may take.

    Raises:
        UsageError: the environment variable holds no time.
    """
    text = os.environ.get(VARIABLE, "")
    try:
        seconds = float(text or SECONDS)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise UsageError(f"{VARIABLE} is a number of seconds above 0, such as 300; not {text!r}")
    return seconds


class _Child:
    """A forked process, as this one sees it."""

    def __init__(self, calls: Sequence[Callable[[], Any]]) -> None:
        self._seconds = seconds_allowed()
        self._answers, theirs = Pipe(duplex=False)
        with warnings.catch_warnings():
            # It has one thread, that of this call, and uses nothing that others may hold.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._pid = os.fork()
        if self._pid == 0:
            _live(theirs, calls)
        theirs.close()
        self._code: int | None = None

    def receive(self) -> Any:
        """Wait for the next answer, as long as a call may take."""
        deadline = time.monotonic() + self._seconds
        while not self._answers.poll(_SECONDS_BETWEEN_LOOKS):
            if self._has_ended() and not self._answers.poll():
                return self._describe_end()
            if time.monotonic() > deadline:
                return Died(
                    f"it gave no answer within {self._seconds:g} s; {VARIABLE}=300 allows more"
                )
        try:
            return pickle.loads(self._answers.recv_bytes(_LARGEST))
        except (EOFError, OSError):
            return self._describe_end()
        except Exception as error:  # it may have written anything
            return Died(f"it gave an answer that cannot be read ({type(error).__name__})")

    def end(self) -> None:
        """End it, with what it started and is still known to be of it."""
        self._answers.close()
        if not self._has_ended():
            with suppress(psutil.NoSuchProcess):
                kill_tree(psutil.Process(self._pid))
            self._has_ended(wait=True)
        else:  # what it started may still be in its group
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._pid, signal.SIGKILL)

    def _has_ended(self, *, wait: bool = False) -> bool:
        if self._code is None:
            try:
                pid, status = os.waitpid(self._pid, 0 if wait else os.WNOHANG)
            except ChildProcessError:  # somebody else has asked for its end
                pid, status = self._pid, 0
            if pid:
                self._code = os.waitstatus_to_exitcode(status)
        return self._code is not None

    def _describe_end(self) -> Died:
        deadline = time.monotonic() + 1  # its pipe closes a moment before it has ended
        while not self._has_ended() and time.monotonic() < deadline:
            time.sleep(0.001)
        if self._code is not None and self._code < 0:
            return Died(f"it ended the process ({signal.Signals(-self._code).name})")
        return Died(f"it ended the process (exit code {self._code})")


def _live(answers: Connection, calls: Sequence[Callable[[], Any]]) -> None:
    """The life of a child. It never returns."""
    try:
        _settle()
        me = os.getpid()
        for call in calls:
            answer = _answer(call)
            if os.getpid() != me:
                os._exit(0)  # a part has forked, and this is the copy
            answers.send_bytes(answer)
        _kill_what_was_started()
    finally:
        os._exit(0)  # nothing of the parent is finished here a second time


def _settle() -> None:
    """Let go of what belongs to the parent: its terminal, its signals, its threads."""
    os.setsid()
    adopt_orphans()
    die_with_parent()
    be_first_to_go()
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    sys.stdin = open(os.devnull)  # noqa: SIM115 - to the end of the process
    sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    gc.freeze()  # the parent's memory is shared as long as nobody looks for garbage in it
    # A driver that the parent has asked for devices answers no fork; this way asks around it.
    os.environ["PYTORCH_NVML_BASED_CUDA_CHECK"] = "1"
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)  # a pool of threads of the parent's is not there


def _answer(call: Callable[[], Any], *, passes: tuple[type[BaseException], ...] = ()) -> bytes:
    """The answer of a call, or its fault; errors that pass are raised."""
    try:
        return pickle.dumps(call())
    except passes:
        raise
    except SamplebenchError as error:
        return pickle.dumps(Missing(cut(describe(error))))
    except SystemExit as error:
        reason = f"it ended the process by sys.exit({describe(error)})"
    except BaseException as error:
        reason = describe_with_place(error)
    return pickle.dumps(Fault(cut(reason)))


def _kill_what_was_started() -> None:
    with suppress(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)  # raises where there is nothing, which is soon known
        kill_below(psutil.Process())
