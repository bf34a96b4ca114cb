"""Specs: the name of a part with settings, such as ``gmm(components=50)``, and grids of specs.

A list is a grid: ``gmm(components=[10, 20])`` is two specs. A tuple is one value. Values are
Python literals, which are parsed and never executed.
"""

import ast
import itertools
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from samplebench.errors import BadSpec

Setting = bool | int | float | str | None | tuple["Setting", ...]

_MOST_SPECS = 10_000
"""Specs in a grid. Each becomes a part with settings in memory."""

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def is_name(text: str) -> bool:
    """Return True for lower-case letters and digits, with single hyphens between them."""
    return _NAME.fullmatch(text) is not None


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
    stripped = text.strip()
    name, bracket, _ = stripped.partition("(")
    if not is_name(name):
        raise BadSpec(f"{text!r}: {name!r} is not a name; names are lower case with hyphens")
    call = f"f{stripped.removeprefix(name)}"  # a Python call, whatever the part is called
    choices = _parse_settings(call, text=text) if bracket else {}
    if (count := math.prod(map(len, choices.values()))) > _MOST_SPECS:
        raise BadSpec(
            f"{text!r} is a grid of {count:,} specs, and {_MOST_SPECS:,} are the most; "
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
        raise BadSpec(f"{text!r} cannot be read; write it as in {example}") from error
    if not isinstance(node, ast.Call) or node.args or not isinstance(node.func, ast.Name):
        raise BadSpec(f"{text!r}: settings are given by name, as in {example}")
    choices: dict[str, list[Setting]] = {}
    for keyword in node.keywords:
        if keyword.arg is None or keyword.arg in choices:
            raise BadSpec(f"{text!r}: each setting is given once, by name")
        try:
            value = ast.literal_eval(keyword.value)
        except (ValueError, TypeError, RecursionError) as error:
            raise BadSpec(
                f"{text!r}: {keyword.arg} must be a number, a quoted text, True, False, None, "
                "a tuple of those, or a list of choices"
            ) from error
        choices[keyword.arg] = value if isinstance(value, list) else [value]
        if not choices[keyword.arg] or not all(map(_is_setting, choices[keyword.arg])):
            raise BadSpec(f"{text!r}: {keyword.arg}={value!r} is not a value for a setting")
    return dict(sorted(choices.items()))


def _is_setting(value: object) -> bool:
    if isinstance(value, tuple):
        return all(map(_is_setting, value))
    if isinstance(value, float):
        return math.isfinite(value)  # the text "inf" could not be parsed again
    return value is None or isinstance(value, bool | int | str)
