"""Paths inside a bundle: relative, plain, and the same on every system."""

from typing import Final

from samplebench.submission.findings import has_control_signs

_DEEPEST: Final = 6
_LONGEST_NAME: Final = 255
_OF_OTHER_SYSTEMS: Final = frozenset('\\:*?"<>|')


def why_unsafe(path: str) -> str | None:
    """The reason why a path may not stand in a bundle, or ``None``.

    Args:
        path: with ``/`` between names.
    """
    names = path.split("/")
    if path.startswith("/"):
        return "its path is absolute"
    if any(name in ("", ".", "..") for name in names):
        return "its path has an empty name, '.' or '..' in it"
    if len(names) > _DEEPEST:
        return f"its path is deeper than {_DEEPEST} names"
    if any(len(name.encode("utf-8", "surrogatepass")) > _LONGEST_NAME for name in names):
        return f"a name in its path is longer than {_LONGEST_NAME} bytes"
    if has_control_signs(path):
        return "its path has signs that cannot be printed"
    if found := _OF_OTHER_SYSTEMS.intersection(path):
        return f"its path has {min(found)!r}, which not every system allows in names"
    return None
