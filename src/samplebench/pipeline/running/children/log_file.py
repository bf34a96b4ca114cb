"""Logs of children: the start and the end of what they print, in bounded memory and disk."""

import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

from samplebench.errors import StorageError

MOST: Final = 2**18
"""Bytes that are kept of the start, and again of the end."""

_CHUNK: Final = 2**16


class LogFile:
    """A file that takes what comes through a pipe until nobody can write to that any more.

    Attributes:
        entrance: the file descriptor to write to, for the owner to hand on and then close.
    """

    def __init__(self, path: Path) -> None:
        """Open the file, empty.

        Raises:
            StorageError: it cannot be written.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("wb", buffering=0)  # a buffer has a lock, held at the end
        except OSError as error:
            raise StorageError(
                f"the workspace cannot be written ({error}); choose another folder with "
                "--workspace"
            ) from error
        self._exit, self.entrance = os.pipe()
        self._start = self._left_out = 0
        self._end = b""
        self._thread = threading.Thread(target=self._copy, daemon=True)
        self._thread.start()

    def finish(self) -> str:
        """Wait for the end of what is printed; give its last line."""
        self._thread.join(timeout=1)  # something that was not found may hold the pipe for ever
        lines = self._end.decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""

    def _copy(self) -> None:
        with suppress(OSError), self._file:  # a log on a full disk stops no work
            while chunk := os.read(self._exit, _CHUNK):
                self._take(chunk)
            self._write_end()
        while os.read(self._exit, _CHUNK):
            pass  # whoever prints shall not wait
        os.close(self._exit)

    def _take(self, chunk: bytes) -> None:
        head = chunk[: max(0, MOST - self._start)]
        self._file.write(head)
        self._start += len(head)
        self._end += chunk
        if surplus := max(0, len(self._end) - MOST):
            self._end = self._end[surplus:]
            self._left_out += surplus

    def _write_end(self) -> None:
        """Write what came after the start, or as much of its end as is kept."""
        total = self._left_out + len(self._end)
        missing = self._left_out - self._start
        if missing > 0:
            self._file.write(f"\n… {missing:,} bytes are left out …\n".encode())
        self._file.write(self._end[max(0, len(self._end) - (total - self._start)) :])
