"""Checks of settings."""

from typing import TypeVar

Choice = TypeVar("Choice", bound=str)


def one_of(name: str, value: Choice, choices: tuple[str, ...]) -> Choice:
    """``value``, if it is one of ``choices``.

    Raises:
        ValueError: it is not; the message names the setting and the choices.
    """
    if value not in choices:
        raise ValueError(f"{name} is one of {', '.join(choices)}, not {value!r}")
    return value
