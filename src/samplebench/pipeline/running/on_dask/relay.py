"""Progress of stages on workers that do not see the folder from which a run reads it."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from samplebench.pipeline.running.progress_file import ProgressFile
from samplebench.training import Progress


class Relay:
    """Writes what workers say of their progress to the files where the run looks for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reports: dict[str, ProgressFile] = {}

    @contextmanager
    def listening(self, report: ProgressFile) -> Iterator[None]:
        """Take the progress of one stage while the block lasts."""
        with self._lock:
            self._reports[report.path.name] = report
        try:
            yield
        finally:
            with self._lock:
                del self._reports[report.path.name]

    def hear(self, said: Any) -> None:
        with self._lock, suppress(ValueError, TypeError, KeyError):
            if report := self._reports.get(said["file"]):
                report(Progress(**json.loads(said["progress"])))
