"""Specs: a part's name with settings, ``gmm(components=50)``, and grids of them,
``gmm(components=[10, 20])``.

A list is a grid, one spec for each member; a tuple is one value. Values are Python literals, read
and never run.
"""

import ast
import itertools
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from samplebench.errors import BadSpec

Setting = bool | int | float | str | None | tuple["Setting", ...]

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def is_name(text: str) -> bool:
    """Lower case and digits, with hyphens between."""
    return _NAME.fullmatch(text) is not None


@dataclass(frozen=True, eq=False)
class Spec:
    """One part with the settings that were asked for, sorted.

    ``str`` gives the text that ``parse`` reads.
    """

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
    """The one spec that ``text`` names.

    Raises:
        BadSpec: it cannot be read, or it is a grid.
    """
    specs = parse_grid(text)
    if len(specs) != 1:
        raise BadSpec(f"{text!r} is a grid of {len(specs)} specs where one is needed")
    return specs[0]


def parse_grid(text: str) -> list[Spec]:
    """Every spec that ``text`` names: the product over the settings that are lists.

    Raises:
        BadSpec: it cannot be read.
    """
    name, bracket, _ = (stripped := text.strip()).partition("(")
    if not is_name(name):
        raise BadSpec(f"{text!r}: {name!r} is no name; names are lower case with hyphens")
    choices = _settings(text, f"f{stripped[len(name) :]}") if bracket else {}
    return [
        Spec(name, dict(zip(choices, values, strict=True)))
        for values in itertools.product(*choices.values())
    ]


def _settings(text: str, call: str) -> dict[str, list[Setting]]:
    """The choices for each setting, sorted by its name."""
    example = "gmm(components=50) or gmm(components=[10, 20])"
    try:
        node = ast.parse(call, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise BadSpec(f"{text!r} cannot be read; write it like {example}") from error
    if not isinstance(node, ast.Call) or node.args or not isinstance(node.func, ast.Name):
        raise BadSpec(f"{text!r}: settings are given by name, like {example}")
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
            raise BadSpec(f"{text!r}: {keyword.arg}={value!r} is not a value that a setting takes")
    return dict(sorted(choices.items()))


def _is_setting(value: object) -> bool:
    if isinstance(value, tuple):
        return all(map(_is_setting, value))
    if isinstance(value, float):
        return math.isfinite(value)  # the text "inf" would not be read again
    return value is None or isinstance(value, bool | int | str)
