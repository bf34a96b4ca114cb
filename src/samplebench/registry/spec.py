"""Specs: the name of a part with settings, such as ``gmm(components=50)``, and grids of specs.

A list is a grid: ``gmm(components=[10, 20])`` is two specs. A tuple is one value. Values are
Python literals, which are parsed and never executed.
"""

import ast
import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from samplebench.errors import BadSpec
from samplebench.names import LONGEST, is_name
from samplebench.plain_text import encodable, quote

Setting = bool | int | float | str | None | tuple["Setting", ...]

_MOST_SPECS = 10_000
"""Specs in a grid. Each becomes a part with settings in memory."""

_LONGEST = 10_000
"""Characters of a spec. It is shown in boards, and no setting needs more."""

_BITS = 64
"""Of an integer. Python has larger ones, which neither arrays nor files hold."""


@dataclass(frozen=True, eq=False)
class Spec:
    """A part with the requested settings. ``parse`` reads the ``str`` of a spec."""

    name: str
    settings: Mapping[str, Setting] = field(default_factory=dict)

    def __eq__(self, other: object) -> bool:
        # Of the texts, since 1 and True are equal as settings and are not the same.
        return isinstance(other, Spec) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))

    def __str__(self) -> str:
        if not self.settings:
            return self.name
        return f"{self.name}({', '.join(f'{k}={v!r}' for k, v in sorted(self.settings.items()))})"


def parse(text: str) -> Spec:
    """Parse one spec.

    Raises:
        BadSpec: the text cannot be read, or is a grid.
    """
    specs = parse_grid(text)
    if len(specs) != 1:
        raise BadSpec(f"{text!r} is a grid of {len(specs)} specs, and one spec is needed")
    return specs[0]


def parse_grid(text: str) -> list[Spec]:
    """Parse a spec or a grid: the product of all settings that are lists.

    Raises:
        BadSpec: the text cannot be read.
    """
    if len(text) > _LONGEST:
        raise BadSpec(
            f"{quote(text)} is too long: a spec has {_LONGEST:,} characters at most; "
            "name a file in place of its content"
        )
    stripped = text.strip()
    name, bracket, _ = stripped.partition("(")
    if not is_name(name):
        raise BadSpec(
            f"{quote(text)}: {quote(name)} is not a name; names are lower case with "
            f"hyphens, of {LONGEST} characters at most"
        )
    call = f"f{stripped.removeprefix(name)}"  # a Python call, whatever the part is called
    choices = _parse_settings(call, text=text) if bracket else {}
    if (count := math.prod(map(len, choices.values()))) > _MOST_SPECS:
        raise BadSpec(
            f"{quote(text)} is a grid of {count:,} specs, and {_MOST_SPECS:,} are the most; "
            "give shorter lists"
        )
    return [
        Spec(name, dict(zip(choices, values, strict=True)))
        for values in itertools.product(*choices.values())
    ]


def _parse_settings(call: str, *, text: str) -> dict[str, list[Setting]]:
    """Parse the choices for each setting, sorted by name. ``text`` is shown in errors."""
    example = "gmm(components=50) or gmm(components=[10, 20])"
    try:
        node = ast.parse(call, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise BadSpec(f"{quote(text)} cannot be read; write it as in {example}") from error
    if not isinstance(node, ast.Call) or node.args or not isinstance(node.func, ast.Name):
        raise BadSpec(f"{quote(text)}: settings are given by name, as in {example}")
    choices: dict[str, list[Setting]] = {}
    for keyword in node.keywords:
        if keyword.arg is None or keyword.arg in choices:
            raise BadSpec(f"{quote(text)}: each setting is given once, by name")
        try:
            value = ast.literal_eval(keyword.value)
        except (ValueError, TypeError, RecursionError) as error:
            raise BadSpec(
                f"{quote(text)}: {keyword.arg} must be a number, a quoted text, True, "
                "False, None, a tuple of those, or a list of choices"
            ) from error
        choices[keyword.arg] = value if isinstance(value, list) else [value]
        if not choices[keyword.arg] or not all(map(_is_setting, choices[keyword.arg])):
            raise BadSpec(
                f"{quote(text)}: {keyword.arg}={quote(value)} is not a value for a setting"
            )
    return dict(sorted(choices.items()))


def _is_setting(value: object) -> bool:
    if isinstance(value, tuple):
        return all(map(_is_setting, value))
    if isinstance(value, float):
        return math.isfinite(value)  # the text "inf" could not be parsed again
    if isinstance(value, str):
        return encodable(value) == value  # records are files in UTF-8
    if isinstance(value, int):
        return value.bit_length() <= _BITS
    return value is None
