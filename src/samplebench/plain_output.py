"""Text streams that write control characters out, and the way past them for a console's own."""

import io
from typing import Any

from samplebench.plain_text import printable


class PlainText(io.TextIOWrapper):
    """A text stream that writes control characters out: what is printed may come from anyone."""

    def write(self, text: str, /) -> int:
        super().write(printable(text))
        return len(text)

    def write_styled(self, text: str) -> int:
        """Write text with the control sequences that this program put into it."""
        return super().write(text)


class Styled:
    """Passes text with colours and movements of the cursor on to a ``PlainText``.

    Whoever writes here makes harmless what comes from others.
    """

    def __init__(self, stream: PlainText) -> None:
        self.stream = stream
        self.encoding = stream.encoding

    def write(self, text: str, /) -> int:
        return self.stream.write_styled(text)

    def flush(self) -> None:
        self.stream.flush()

    def isatty(self) -> bool:
        return self.stream.isatty()

    def fileno(self) -> int:
        return self.stream.fileno()


def styled(stream: Any) -> Any:
    """The stream to which a console writes that would otherwise write to ``stream``."""
    return Styled(stream) if isinstance(stream, PlainText) else stream
