"""The neighbour before each place of a sequence of codes."""

import math
from dataclasses import dataclass
from typing import NamedTuple

from samplebench import LatentSpace


class Neighbour(NamedTuple):
    """The place on whose code another code depends.

    ``kind`` is "axis k" for the site before along axis k, "depth d" for the code at depth d − 1.
    """

    place: int
    kind: str


def list_neighbours(space: LatentSpace) -> list[Neighbour | None]:
    """List the neighbour of each place: sites in raster order, and at a site by depth.

    The very first place has none.
    """
    depths = space.code_width
    neighbours: list[Neighbour | None] = []
    for site in range(space.sites):
        first = site * depths
        axis = _axis_of_neighbour(site, space.grid)
        if axis is None:
            neighbours.append(None)
        else:
            stride = math.prod(space.grid[axis + 1 :])
            neighbours.append(Neighbour(first - stride * depths, f"axis {axis}"))
        neighbours += [Neighbour(first + d - 1, f"depth {d}") for d in range(1, depths)]
    return neighbours


@dataclass(frozen=True)
class NeighbourKind:
    """All places that have one kind of neighbour, their neighbours' places, and both depths."""

    name: str
    places: list[int]
    before: list[int]
    depth: int
    depth_before: int


def list_kinds(space: LatentSpace) -> list[NeighbourKind]:
    """List the kinds of neighbour that occur in latents of this space."""
    depths = space.code_width
    kinds: dict[str, NeighbourKind] = {}
    for place, neighbour in enumerate(list_neighbours(space)):
        if neighbour:
            own, others = place % depths, neighbour.place % depths
            new = NeighbourKind(neighbour.kind, [], [], depth=own, depth_before=others)
            kind = kinds.setdefault(neighbour.kind, new)
            kind.places.append(place)
            kind.before.append(neighbour.place)
    return list(kinds.values())


def _axis_of_neighbour(site: int, grid: tuple[int, ...]) -> int | None:
    """Find the last axis along which there is a site before this one."""
    for axis in reversed(range(len(grid))):
        site, along = divmod(site, grid[axis])
        if along:
            return axis
    return None
