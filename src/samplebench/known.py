"""Answers about the installed parts, kept from one command to the next.

To ask the parts takes seconds, since they import torch. An answer holds as long as the same
distributions are installed, and every file that a module was imported from is as it was then.
One that cannot be read or written is as good as none.
"""

import json
import os
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from samplebench.digests import digest_of, digest_of_data
from samplebench.errors import StorageError, UsageError
from samplebench.folders import cache_folder
from samplebench.results.store import write_whole

_MOST: Final = 32
"""Answers that are kept; the oldest go."""


def recall(question: str) -> Any:
    """The kept answer to a question, plain data; ``None`` where there is none that holds."""
    try:
        kept = json.loads(_place(question).read_text(encoding="utf-8"))
        content = kept["content"]
        holds = (
            kept["digest"] == digest_of_data(content)
            and content["distributions"] == _distributions()
            and content["files"] == {file: _state(file) for file in content["files"]}
        )
        return content["answer"] if holds else None
    except (OSError, ValueError, LookupError, TypeError, UsageError):
        return None


def keep(question: str, answer: Any, *, since: int, files: Iterable[str] = ()) -> None:
    """Keep an answer that this process found, as far as that is possible.

    Args:
        answer: plain data.
        since: when it began to look, in nanoseconds since 1970. A file that changed later may not
            be what was imported, and nothing is kept.
        files: those that the answer depends on besides what was imported.
    """
    with suppress(OSError, ValueError, TypeError, UsageError, StorageError):
        states = {file: _state(file) for file in [*_imported(), *files]}
        if any(modified >= since for modified, _ in states.values()):
            return
        content = {"distributions": _distributions(), "files": states, "answer": answer}
        kept = {"digest": digest_of_data(content), "content": content}
        place = _place(question)
        write_whole(place, json.dumps(kept))
        older = sorted(place.parent.glob("*.json"), key=lambda file: file.stat().st_mtime_ns)
        for file in older[:-_MOST]:
            file.unlink(missing_ok=True)


def _place(question: str) -> Path:
    """The file of an answer. Another search path finds other modules."""
    asked = digest_of("\0".join([question, sys.version, *sys.path]))
    return cache_folder() / "catalogue" / f"{asked}.json"


def _distributions() -> list[list[Any]]:
    """The folders that describe installed distributions: their names have the versions."""
    found = []
    for folder in sys.path:
        with suppress(OSError), os.scandir(folder or ".") as entries:
            found += [
                [entry.path, entry.stat().st_mtime_ns]
                for entry in entries
                if entry.name.endswith((".dist-info", ".egg-info"))
            ]
    return sorted(found)


def _imported() -> Iterator[str]:
    """The files of all modules of this process but Python's own."""
    own = sysconfig.get_path("stdlib") + os.sep
    others = (sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if not isinstance(file, str) or not os.path.isabs(file) or not os.path.isfile(file):
            continue
        if not file.startswith(own) or file.startswith(others):
            yield file


def _state(file: str) -> list[int]:
    """The time of the last change, and the size."""
    status = os.stat(file)
    return [status.st_mtime_ns, status.st_size]
