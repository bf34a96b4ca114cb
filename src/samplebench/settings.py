"""Checks of settings that type annotations cannot express, for the constructors of parts."""

from typing import TypeVar

Choice = TypeVar("Choice", bound=str)


def one_of(name: str, value: Choice, choices: tuple[str, ...]) -> Choice:
    """Return ``value`` if it is one of ``choices``.

    Raises:
        ValueError: it is not; the message has the setting and the choices.
    """
    if value not in choices:
        raise ValueError(f"{name} is one of {', '.join(choices)}, not {value!r}")
    return value


def at_least(name: str, value: int | float, least: int) -> None:
    """Refuse a number below ``least``.

    Raises:
        ValueError: it is smaller, or NaN; the message has the setting.
    """
    if not value >= least:
        raise ValueError(f"{name} must be at least {least}, not {value}")


def above_zero(name: str, value: int | float) -> None:
    """Refuse a number that is not positive.

    Raises:
        ValueError: it is not positive, or NaN; the message has the setting.
    """
    if not value > 0:
        raise ValueError(f"{name} must be positive, not {value}")
