"""The suite of merged results: all that any of them was asked for."""

import tomllib
from collections.abc import Mapping
from typing import Any, Final

import tomli_w

from samplebench.pipeline.request.suite_file import parse_seeds

_LISTS: Final = ("datasets", "autoencoders", "samplers", "appendix", "features", "metrics")


def join_suites(ours: str, theirs: str) -> tuple[str, list[str]]:
    """Join two valid suites, TOML, of one name: parts and seeds of both, the rest as ours has it.

    Returns:
        The suite as TOML, ours to the letter if it has all of theirs; and the names of the keys in
        which the two differ otherwise, such as ``training``.
    """
    one, other = tomllib.loads(ours), tomllib.loads(theirs)
    joined = {**one, **{name: _join(name, one, other) for name in _LISTS}}
    joined["appendix"] = [part for part in joined["appendix"] if part not in joined["samplers"]]
    seeds = [set(parse_seeds(each["seeds"])) for each in (one, other)]
    if not seeds[1] <= seeds[0]:
        joined["seeds"] = sorted(seeds[0] | seeds[1])
    joined = {name: value for name, value in joined.items() if value or name in one}
    rest = sorted({*one, *other} - {*_LISTS, "seeds"})
    differing = [name for name in rest if one.get(name) != other.get(name)]
    return (ours if joined == one else tomli_w.dumps(joined)), differing


def _join(name: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    mine = one.get(name, [])
    return [*mine, *(part for part in other.get(name, []) if part not in mine)]
