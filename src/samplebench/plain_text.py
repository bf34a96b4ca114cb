"""Text of others made harmless: what could move a cursor or break an encoding is written out.

Names, titles and reasons come from plugins and from records of others. An escape character in
them changes colours, titles or the clipboard of a terminal that shows it; a line break forges a
line; a mark of direction shows letters in another order; a lone surrogate cannot be encoded.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

_LONGEST: Final = 20_000
"""Characters of a text in a record; of longer ones the beginning and the end are kept."""

_MARKS: Final = "\u200e\u200f\u202a-\u202e\u2066-\u2069"
"""Unicode's marks of direction."""

_HARMFUL: Final = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029{_MARKS}\ud800-\udfff]")
_HARMFUL_IN_LINE: Final = re.compile(rf"{_HARMFUL.pattern}|[\t\n]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_IN_JSON: Final = re.compile(rf"\\[bfnrtu]|[\x7f-\x9f\u2028\u2029{_MARKS}\ud800-\udfff]")


def printable(text: str) -> str:
    r"""Write out control characters, marks of direction and lone surrogates, such as ``\x1b``.

    Line breaks and tabs stay.
    """
    return _HARMFUL.sub(_written_out, text)


def continued(text: str) -> str:
    """Indent all lines but the first, so that none looks like a message of its own."""
    return text.replace("\n", "\n  ")


def one_line(text: str) -> str:
    """Make a text printable, with line breaks and tabs written out too."""
    return _HARMFUL_IN_LINE.sub(_written_out, text)


def encodable(text: str) -> str:
    """Write out lone surrogates, halves of a character, which no file in UTF-8 can hold."""
    return _SURROGATE.sub(_written_out, text)


def shorten(text: str, most: int = 200) -> str:
    """Make a text a printable line of about ``most`` characters, for messages."""
    line = one_line(text[: most + 1])
    return line if len(text) <= most else f"{line[: most - 1]}… ({len(text):,} characters)"


def quote(value: object, most: int = 200) -> str:
    """Quote what was given, for messages; of a long one, its beginning."""
    try:
        return shorten(repr(value), most)
    except ValueError:  # Python writes no integer of more than 4,300 digits
        return "a number of thousands of digits"


def may_need_cleaning(json: str) -> bool:
    """Say if ``clean`` could change a text in this JSON: a quick look, as most need none."""
    is_plain = json.isascii() and "\\" not in json and "\x7f" not in json
    if not is_plain and _IN_JSON.search(json) is not None:
        return True
    return len(json) > _LONGEST and max(map(len, json.split("\n"))) > _LONGEST


def clean(content: Any, *, lines: frozenset[str], kept: frozenset[str]) -> Any:
    """Clean all texts in plain data, names included.

    Args:
        lines: the keys whose texts may have several lines.
        kept: the keys whose texts stay as they are, if only they can be encoded.
    """
    return _clean(
        content, one_line, {**dict.fromkeys(lines, printable), **dict.fromkeys(kept, encodable)}
    )


def _clean(
    content: Any, text: Callable[[str], str], others: Mapping[str, Callable[[str], str]]
) -> Any:
    """Apply ``text`` to the texts in plain data, and below some keys what ``others`` name."""
    if isinstance(content, str):
        return text(content) if text is encodable else _bound(text(content))
    if isinstance(content, Mapping):
        return {
            text(name): _clean(value, others.get(name, text), others)
            for name, value in content.items()
        }
    if isinstance(content, list | tuple):
        return [_clean(value, text, others) for value in content]
    return content


def _bound(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    half = _LONGEST // 2
    return f"{text[:half]} … ({len(text) - 2 * half:,} characters left out) … {text[-half:]}"


def _written_out(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")
