"""A process that reads and changes nothing: no network, no file is written."""

import os
import sys
from typing import Any, Final

_WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC

_REASON: Final = "samplebench doctor fetches and writes nothing"

_FORBIDDEN: Final = (
    "socket.connect",
    "socket.getaddrinfo",
    "socket.gethostbyname",
    "os.mkdir",
    "os.rename",
    "os.remove",
    "os.rmdir",
    "os.link",
    "os.symlink",
    "os.truncate",
    "subprocess.Popen",
    "os.system",
)


def abstain() -> None:
    """Let every later attempt of this process to write or to reach a network fail.

    A part is asked for its files as if it were to fetch them: those that are there are verified,
    and those that are not cannot come.
    """
    sys.addaudithook(_refuse)


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _FORBIDDEN:
        raise PermissionError(_REASON)
    if event == "open":
        path, _, flags = arguments
        writes = isinstance(flags, int) and flags & _WRITING
        if writes and path != os.devnull:
            raise PermissionError(_REASON)
