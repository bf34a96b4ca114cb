"""Types of settings: what a value has to be, in words, and as plain data that a cache can keep."""

import functools
import operator
from collections.abc import Mapping
from types import GenericAlias, NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin

from pydantic import ConfigDict, TypeAdapter, ValidationError

from samplebench.errors import BadSetting

_PLAIN: Final[Mapping[str, type]] = {
    kind.__name__: kind for kind in (bool, int, float, str, NoneType)
}


def check_value(kind: str, part: str, name: str, value: Any, hint: Any) -> Any:
    """Return the value of a setting as its type has it: a whole number for a float is one.

    Raises:
        BadSetting: it is not of that type.
    """
    adapter = TypeAdapter(hint, config=ConfigDict(arbitrary_types_allowed=True))
    try:
        return adapter.validate_python(value, strict=True)
    except ValidationError as error:
        raise BadSetting(
            f"{kind} '{part}': {name}={value!r} does not fit; it takes {describe(hint)}"
        ) from error


def describe(hint: Any) -> str:
    """Say in words what a type takes: ``int or 'bic'``, ``a tuple of int``."""
    kind, members = get_origin(hint), get_args(hint)
    if hint is NoneType:
        return "None"
    if kind in (Union, UnionType):
        return " or ".join(map(describe, members))
    if kind is Literal:
        return " or ".join(map(repr, members))
    if kind is tuple and members[-1] is ...:
        return f"a tuple of {describe(members[0])}"
    if kind is tuple:
        return f"a tuple ({', '.join(map(describe, members))})"
    return hint.__name__ if isinstance(hint, type) else str(hint)


def as_data(hint: Any) -> Any:
    """Return a type as JSON has it; ``None`` for one that is not made of Python's own."""
    if isinstance(hint, type) and _PLAIN.get(hint.__name__) is hint:
        return hint.__name__
    if get_origin(hint) is Literal:
        return ["literal", *get_args(hint)]
    names = {Union: "union", UnionType: "union", tuple: "tuple"}
    if get_origin(hint) not in names:
        return None
    members = ["..." if member is ... else as_data(member) for member in get_args(hint)]
    return None if None in members else [names[get_origin(hint)], *members]


def from_data(data: Any) -> Any:
    """Return the type that ``as_data`` wrote."""
    if isinstance(data, str):
        return ... if data == "..." else _PLAIN[data]
    name, *members = data
    if name == "literal":
        return Literal[tuple(members)]
    made = tuple(map(from_data, members))
    return functools.reduce(operator.or_, made) if name == "union" else GenericAlias(tuple, made)
