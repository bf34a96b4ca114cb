"""The examination: this process asks the machine and the folders, a child asks torch and plugins.

Whatever a plugin or a driver does, it ends in bounded time: the child is killed with all it
started, and what it was looking at is named.
"""

import argparse
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from samplebench.doctor.answer import Answer, Status
from samplebench.doctor.folders import examine_folder
from samplebench.doctor.machine import examine_home, examine_limits, examine_software
from samplebench.errors import UsageError
from samplebench.folders import cache_folder

_SECONDS: Final = 8.5
"""For the child: all is over in ten."""

_PROBE: Final = ("-m", "samplebench.doctor.probe")


def examine(options: argparse.Namespace) -> list[Answer]:
    """Look at everything; takes less than ten seconds."""
    until = time.monotonic() + _SECONDS
    try:
        cache: Path | None = cache_folder()
    except UsageError:
        cache = None  # told by ``examine_home``
    data_dir = options.data_dir or (cache / "data" if cache else Path("data"))
    request: dict[str, Any] = {
        "data_dir": str(data_dir.absolute()),
        "plugins": [str(file.absolute()) for file in options.plugin],
        "disabled": list(options.disable_plugin),
    }
    answers = [*examine_software(), *examine_limits(), *examine_home()]
    folders = [("results", options.results, "--results")]
    workspace = options.workspace or cache
    folders += [("workspace", workspace, "--workspace")] if workspace else []
    for topic, folder, option in folders:
        answers += examine_folder(topic, folder.absolute(), option)
    return [*answers, *_ask_children(request, until)]


@dataclass(frozen=True)
class _End:
    """The end of a child that had not looked at everything."""

    status: Status
    found: str


_TOPICS: Final = {"plugin": "plugins", "dataset": "data", "features": "weights"}


def _ask_children(request: dict[str, Any], until: float) -> list[Answer]:
    """Ask a child; after one that ended early, another one for the rest."""
    answers: list[Answer] = []
    skip: list[str] = []
    while True:
        found, at, end = _ask_child({**request, "skip": skip}, until)
        answers = list(dict.fromkeys([*answers, *found]))
        if at is None:
            return answers
        kind, _, name = at.rpartition(" ")
        answers.append(Answer(_TOPICS.get(kind, "devices"), name, end.status, end.found))
        if time.monotonic() > until or at in skip or at in ("torch", "plugins", "start"):
            return answers
        skip.append(at)


def _ask_child(request: dict[str, Any], until: float) -> tuple[list[Answer], str | None, _End]:
    """The answers of a child; what it looked at when it ended too early, if it did; and how."""
    reader, writer = os.pipe()
    command = [sys.executable, *_PROBE, json.dumps(request), str(writer)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    child = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
        pass_fds=[writer],
        start_new_session=True,
    )
    os.close(writer)
    answers: list[Answer] = []
    at, since, is_whole = "start", time.monotonic(), False
    try:
        for content in _read_lines(reader, child, until):
            if "begin" in content:
                at, since = content["begin"], time.monotonic()
            elif "end" in content:
                is_whole = True
            else:
                answers.append(Answer(**content))
    finally:
        os.close(reader)
        code = child.poll()
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    return answers, None if is_whole else at, _describe_end(code, time.monotonic() - since)


def _read_lines(
    reader: int, child: "subprocess.Popen[bytes]", until: float
) -> Iterator[dict[str, Any]]:
    """The lines of a child until it ends or the time is up.

    A process that it left behind may hold its pipe: its end is waited for, not that of the pipe.
    """
    pending = b""
    while (left := until - time.monotonic()) > 0:
        ready, _, _ = select.select([reader], [], [], min(left, 0.1))
        data = os.read(reader, 65536) if ready else b""
        *lines, pending = (pending + data).split(b"\n")
        yield from map(json.loads, lines)
        if not data and (ready or child.poll() is not None):
            with suppress(subprocess.TimeoutExpired):
                child.wait(timeout=1)  # its pipe closes a moment before it has ended
            return


def _describe_end(code: int | None, seconds: float) -> _End:
    if code is None:
        is_slow = seconds > _SECONDS / 2
        others = "" if is_slow else ", nor what comes after it: this machine is busy"
        found = f"was not done when {_SECONDS:g} s were over{others}"
        return _End("problem" if is_slow else "absent", found)
    how = f"exit code {code}" if code >= 0 else signal.Signals(-code).name
    return _End("problem", f"ended the process that looked at it ({how})")
