"""Signals that ask a command to stop: it ends as after an interrupt; what is finished is kept."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final, NoReturn

_ASKING_TO_STOP: Final = ("SIGTERM", "SIGHUP")
"""Besides SIGINT. Windows has no SIGHUP."""


class Stopped(KeyboardInterrupt):
    """A signal asked the command to stop.

    Attributes:
        signal: which one.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.signal = signal.Signals(number)


def exit_code_of(interrupt: KeyboardInterrupt) -> int:
    """The exit code of a command that was stopped: 128 and the number of the signal."""
    asked = interrupt.signal if isinstance(interrupt, Stopped) else signal.SIGINT
    return 128 + asked


@contextmanager
def stop_when_asked() -> Iterator[None]:
    """Raise ``Stopped`` on a signal that asks for it, unless it is ignored, as nohup has it."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may say what a signal does
        return
    numbers = [getattr(signal, name) for name in _ASKING_TO_STOP if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    for number, handler in before.items():
        if handler == signal.SIG_DFL:
            signal.signal(number, _stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            if handler is not None:
                signal.signal(number, handler)


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    del frame
    raise Stopped(number)
