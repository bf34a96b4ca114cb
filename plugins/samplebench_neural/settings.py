"""Checks of the settings of networks."""

from collections.abc import Sequence


def require_counts(**counts: int) -> None:
    """Require each setting to be a count of at least one.

    Raises:
        ValueError: one is not; the message names it.
    """
    for name, count in counts.items():
        if not count >= 1:
            raise ValueError(f"{name} must be at least 1, not {count}")


def require_layers(hidden: Sequence[int]) -> None:
    """Require the widths of at least one hidden layer.

    Raises:
        ValueError: there is none, or one has no units.
    """
    if not hidden or any(width < 1 for width in hidden):
        raise ValueError(f"hidden lists the units of each layer, like (128, 128), not {hidden!r}")
