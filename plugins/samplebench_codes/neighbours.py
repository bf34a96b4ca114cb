"""The neighbour that each place of a sequence of codes has before it."""

import math
from dataclasses import dataclass
from typing import NamedTuple

from samplebench import LatentSpace


class Neighbour(NamedTuple):
    """The place whose code another is drawn given.

    ``kind`` is "axis k" for the site before along axis k, "depth d" for the code at depth d − 1.
    """

    place: int
    kind: str


def neighbours(space: LatentSpace) -> list[Neighbour | None]:
    """The neighbour of each place: sites in raster order, and at a site by depth.

    The very first place has none.
    """
    depths = space.code_width
    found: list[Neighbour | None] = []
    for site in range(space.sites):
        first = site * depths
        axis = _axis_behind(site, space.grid)
        if axis is None:
            found.append(None)
        else:
            stride = math.prod(space.grid[axis + 1 :])
            found.append(Neighbour(first - stride * depths, f"axis {axis}"))
        found += [Neighbour(first + d - 1, f"depth {d}") for d in range(1, depths)]
    return found


@dataclass(frozen=True)
class Kind:
    """All places that have one kind of neighbour, their neighbours' places, and both codebooks'
    sizes.
    """

    name: str
    places: list[int]
    before: list[int]
    choices: int
    choices_before: int


def kinds(space: LatentSpace) -> list[Kind]:
    """The kinds of neighbour that occur in latents of this space."""
    sizes = space.code_ranges
    found: dict[str, Kind] = {}
    for place, neighbour in enumerate(neighbours(space)):
        if neighbour:
            own, others = (sizes[p % len(sizes)] for p in (place, neighbour.place))
            kind = found.setdefault(neighbour.kind, Kind(neighbour.kind, [], [], own, others))
            kind.places.append(place)
            kind.before.append(neighbour.place)
    return list(found.values())


def _axis_behind(site: int, grid: tuple[int, ...]) -> int | None:
    """The last axis along which there is a site before this one."""
    for axis in reversed(range(len(grid))):
        site, along = divmod(site, grid[axis])
        if along:
            return axis
    return None
