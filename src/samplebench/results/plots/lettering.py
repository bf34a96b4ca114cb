"""The widths of texts as they will be drawn, and texts broken into lines by them."""

from functools import lru_cache


def measure(text: str, size: float) -> float:
    """The width of a line of text, in inches."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family="DejaVu Sans", size=size)
    width: float = text_to_path.get_text_width_height_descent(text, font, ismath=False)[0]
    return width / 72


@lru_cache(maxsize=4096)
def _measure_word(word: str, size: float) -> float:
    return measure(word, size)


def wrap(text: str, size: float, width: float) -> list[str]:
    """Break a text at its spaces into lines of at most ``width`` inches, long words aside."""
    lines: list[str] = []
    space, length = _measure_word("n n", size) - 2 * _measure_word("n", size), 0.0
    for word in text.split():
        own = _measure_word(word, size)
        if lines and length + space + own <= width:
            lines[-1] += f" {word}"
            length += space + own
        else:
            lines.append(word)
            length = own
    return lines
