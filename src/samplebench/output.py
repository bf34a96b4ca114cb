"""Standard output and standard error of a command.

Control characters are written out, and a sign that their encoding lacks is replaced. A reader who
goes away, or a disk that is full, stops no command: it finishes its work, the rest of its words is
dropped, and the problem is kept.
"""

import codecs
import errno
import io
import os
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from samplebench.errors import StorageError
from samplebench.plain_output import PlainText

_PLAIN: Final = "samplebench.plain"

_SIGNS: Final = {
    **{"−": "-", "–": "-", "—": "-", "±": "+/-", "×": "x", "·": "|", "•": "*", "…": "..."},
    **{"→": "->", "↓": "v", "↑": "^", "≤": "<=", "≥": ">=", "α": "alpha"},
    **{mark: f"[{number}]" for number, mark in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
    **{"‡": "(!)", "°": "(?)", "’": "'", "‘": "'", "“": '"', "”": '"'},
}
"""Signs of boards and messages in ASCII. A minus or a mark that got lost would change a number."""


@contextmanager
def open_output() -> Iterator[None]:
    """Let both streams take any text for the time of the block, whoever reads it.

    Raises:
        StorageError: standard output is closed; or, at the end, what went there is lost.
    """
    codecs.register_error(_PLAIN, _replace)
    if sys.stderr is None:  # print would write to standard output in its place
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - to the end
    if sys.stdout is None:
        raise StorageError(
            "standard output is closed, and this command prints; "
            "send its output somewhere, such as to a file or to /dev/null"
        )
    before = sys.stdout, sys.stderr
    outlet, messages = Outlet(sys.stdout.buffer), Outlet(sys.stderr.buffer)
    sys.stdout, sys.stderr = outlet.as_text(sys.stdout), messages.as_text(sys.stderr)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        sys.stdout, sys.stderr = before
        if outlet.is_full:
            raise StorageError(f"its output could not be written: {outlet.problem}")


class Outlet(io.RawIOBase):
    """Passes bytes on to a binary stream until that takes no more; drops the rest.

    Attributes:
        problem: the error of the stream, once it has refused something.
    """

    def __init__(self, stream: Any) -> None:
        super().__init__()
        self.stream = stream
        self.problem: OSError | None = None

    @property
    def is_full(self) -> bool:
        """True if something was lost that somebody may wait for; nobody waits at a closed pipe."""
        return self.problem is not None and self.problem.errno != errno.EPIPE

    def as_text(self, like: Any) -> PlainText:
        """A text stream like the one that writes to ``stream``, in its place."""
        like.flush()
        return PlainText(
            self,  # type: ignore[arg-type] # a raw stream that takes everything will do
            encoding=like.encoding,
            errors=_PLAIN,
            line_buffering=like.line_buffering,
            write_through=like.write_through,
        )

    def write(self, data: Any, /) -> int:
        if self.problem is None:
            try:
                self.stream.write(data)
                self.stream.flush()
            except OSError as error:
                self.problem = error
                # The stream still holds these bytes, and would fail again when Python ends.
                os.dup2(os.open(os.devnull, os.O_WRONLY), self.stream.fileno())
        return len(data)

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return bool(self.stream.isatty())

    def fileno(self) -> int:
        return int(self.stream.fileno())


def _replace(error: UnicodeError) -> tuple[str, int]:
    """Write in ASCII what an encoding lacks: signs by their table, letters without accents."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(map(_to_ascii, lacking)), error.end


def _to_ascii(sign: str) -> str:
    letters = unicodedata.normalize("NFD", sign).encode("ascii", "ignore").decode()
    return _SIGNS.get(sign) or letters or "?"
