"""Names of rows that are short enough for a legend, and still never two rows by one name."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

LONGEST: Final = 28
"""Characters of a name in a legend that is left as it is."""
_MORE: Final = 16
"""Characters by which a shortened name may be longer before it is cut."""


def shorten_names(names: Iterable[str], *, longest: int = LONGEST) -> dict[str, str]:
    """Shorten long names: settings that distinguish nothing become ``…``, and the rest is cut.

    ``vq-vae(channels=16, codes=512, replace_dead=0.5)`` is ``vq-vae(replace_dead=0.5, …)`` next to
    one with another ``replace_dead``. Where two names would become one, both are as they were.

    Args:
        longest: characters of a name that is left as it is.
    """
    names = list(dict.fromkeys(names))
    kept = _find_distinguishing(names)
    short = {name: _cut(_leave_out(name, kept, longest), longest + _MORE) for name in names}
    taken = Counter(short.values())
    return {name: text if taken[text] == 1 else name for name, text in short.items()}


def _find_distinguishing(names: Sequence[str]) -> dict[str, set[str]]:
    """For each part's name, its settings that not all specs of that part have alike."""
    settings: dict[str, list[list[str]]] = {}
    for name in names:
        part, given, _ = _split(name)
        settings.setdefault(part, []).append(given)
    return {
        part: set().union(*specs) - set(specs[0]).intersection(*specs)
        for part, specs in settings.items()
    }


def _leave_out(name: str, kept: Mapping[str, set[str]], longest: int) -> str:
    part, settings, rest = _split(name)
    if len(name) <= longest or not settings:
        return name
    shown = [setting for setting in settings if setting in kept[part]]
    left_out = ["…"] if len(shown) < len(settings) else []
    return f"{part}({', '.join([*shown, *left_out])}){rest}"


def _cut(name: str, most: int) -> str:
    return name if len(name) <= most else f"{name[: most - 1].rstrip()}…"


def _split(name: str) -> tuple[str, list[str], str]:
    """The part's name, its settings as they are written, and what follows the bracket."""
    found = re.fullmatch(r"([^()]*)\((.*)\)([^()]*)", name, re.DOTALL)
    if not found:
        return name, [], ""
    return found[1], _split_settings(found[2]), found[3]


def _split_settings(text: str) -> list[str]:
    """Split at the commas that stand in no bracket and in no quotes."""
    settings, depth, quote, start = [], 0, "", 0
    for place, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == "," and depth == 0:
            settings.append(text[start:place].strip())
            start = place + 1
    return [setting for setting in (*settings, text[start:].strip()) if setting]
