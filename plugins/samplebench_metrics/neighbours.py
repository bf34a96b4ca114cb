"""The two nearest neighbours of vectors among others: exact, and in little memory."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Float64, Int64
from torch import Tensor

_POINTS, _QUERIES = 8192, 512
"""A tile of distances, 32 MiB: of the sizes tried the fastest on CPUs."""

_PRECISION = 1e-6
"""The relative error of a squared distance that is let pass."""

_CANDIDATES = 3
"""The two neighbours, and one more by which rounding shows that nothing nearer was missed."""

Queries = Float[Tensor, "queries dimensions"]
Points = Float[Tensor, "points dimensions"]
Squares = Float64[Tensor, " queries"]
Numbers = Int64[Tensor, " queries"]


@dataclass(frozen=True)
class Neighbours:
    """The nearest point of each query, and the squared distances to it and to the second nearest.

    They are computed by subtraction in float64: the distance of equal vectors is exactly zero. It
    is infinite where there is no such point. Of equally near points, the first is the nearest;
    where they are so up to a millionth, it may be another of them.
    """

    nearest: Numbers
    first: Squares
    second: Squares


def find_neighbours(
    queries: Queries, points: Points, *, excluded: Numbers | None = None
) -> Neighbours:
    """Find the two points nearest to each query, the one with the number ``excluded`` left out.

    Candidates come from ``|q − p|² = |q|² − 2 q·p + |p|²`` about the middle of the points, which
    rounds in proportion to the squares. Where that may have hidden a nearer point, all distances
    of the query are computed by subtraction.
    """
    if excluded is None:
        excluded = torch.full((len(queries),), -1, device=points.device)
    centre = _find_centre(points)
    rough, candidates = _find_candidates(queries, points, excluded, centre)
    found = _order(queries, points, candidates, missing=rough.isinf())
    unsure = _may_miss(queries, centre, third=rough[:, 2], second=found.second).nonzero().flatten()
    for rows in torch.split(unsure, _QUERIES) if len(unsure) else ():
        again = _find_by_subtraction(queries[rows], points, excluded[rows])
        found.nearest[rows], found.first[rows] = again.nearest, again.first
        found.second[rows] = again.second
    return found


def _find_centre(points: Points) -> Float64[Tensor, " dimensions"]:
    """Find the mean, rounded to a power of two near the std: what had few digits keeps them."""
    unit = torch.exp2(points.double().std(0, correction=0).max().log2().floor())
    unit = torch.where(unit > 0, unit, 1.0)
    return (points.mean(0, dtype=torch.float64) / unit).round() * unit


def _find_candidates(
    queries: Queries, points: Points, excluded: Numbers, centre: Float64[Tensor, " dimensions"]
) -> tuple[Float64[Tensor, "queries candidates"], Int64[Tensor, "queries candidates"]]:
    """Find the nearest points by expanded squares, tile by tile, in ascending order."""
    size = (len(queries), _CANDIDATES)
    best = torch.full(size, torch.inf, dtype=torch.float64, device=points.device)
    numbers = torch.zeros(size, dtype=torch.int64, device=points.device)
    for start in range(0, len(points), _POINTS):
        some = points[start : start + _POINTS].double() - centre
        lengths = some.square().sum(1)
        for begin in range(0, len(queries), _QUERIES):
            rows = slice(begin, begin + _QUERIES)
            ours = queries[rows].double() - centre
            tile = torch.addmm(lengths, ours, some.T, alpha=-2)  # |q − p|² − |q|²
            _exclude(tile, excluded[rows] - start)
            near, columns = _take_least(tile)
            near += ours.square().sum(1, keepdim=True)
            joined = torch.cat([best[rows], near], dim=1).sort(dim=1, stable=True)
            places = joined.indices[:, :_CANDIDATES]
            numbers[rows] = torch.cat([numbers[rows], columns + start], dim=1).gather(1, places)
            best[rows] = joined.values[:, :_CANDIDATES]
    return best, numbers


def _take_least(
    tile: Float64[Tensor, "queries points"],
) -> tuple[Float64[Tensor, "queries some"], Int64[Tensor, "queries some"]]:
    """Take the least entries of each row out of the tile: of equal ones the first."""
    taken = []
    for _ in range(min(_CANDIDATES, tile.shape[1])):
        taken.append(tile.min(dim=1, keepdim=True))
        tile.scatter_(1, taken[-1].indices, torch.inf)
    return torch.cat([each.values for each in taken], dim=1), torch.cat(
        [each.indices for each in taken], dim=1
    )


def _exclude(tile: Float64[Tensor, "queries points"], columns: Numbers) -> None:
    """Set one entry of each row to infinity, where its column lies in the tile."""
    inside = columns.clamp(0, tile.shape[1] - 1)[:, None]
    entries = tile.gather(1, inside)
    tile.scatter_(1, inside, entries.masked_fill(inside == columns[:, None], torch.inf))


def _order(
    queries: Queries,
    points: Points,
    candidates: Int64[Tensor, "queries candidates"],
    missing: Bool[Tensor, "queries candidates"],
) -> Neighbours:
    """Measure the distances to candidates by subtraction, and put the nearest ones first."""
    candidates, places = candidates.masked_fill(missing, len(points)).sort(dim=1)
    missing, candidates = missing.gather(1, places), candidates.clamp_(max=len(points) - 1)
    squares = torch.stack(
        [_compute_squared_distances(queries, points, numbers) for numbers in candidates.T], dim=1
    ).masked_fill(missing, torch.inf)
    ordered, places = squares.sort(dim=1, stable=True)
    first, second = (column.contiguous() for column in ordered[:, :2].unbind(1))
    return Neighbours(candidates.gather(1, places)[:, 0], first, second)


def _compute_squared_distances(queries: Queries, points: Points, numbers: Numbers) -> Squares:
    """Compute the squared distance of each query to the point of its number."""
    pairs = zip(torch.split(queries, _POINTS), torch.split(numbers, _POINTS), strict=True)
    return torch.cat(
        [(some.double() - points[those].double()).square().sum(1) for some, those in pairs]
    )


def _may_miss(
    queries: Queries,
    centre: Float64[Tensor, " dimensions"],
    *,
    third: Squares,
    second: Squares,
) -> Tensor:
    """Say for which queries (queries,) a point that is no candidate may be relevantly nearer.

    A point nearer than the second candidate is at most ``|q| + √second`` from the centre, which
    bounds how far rounding moved its expanded square; and that was at least the third's.
    """
    lengths = torch.cat(
        [(some.double() - centre).square().sum(1) for some in torch.split(queries, _POINTS)]
    )
    rounding = torch.finfo(torch.float64).eps * (queries.shape[1] + 4)
    error = rounding * (lengths.sqrt() + second.sqrt()).square() * 4
    return (second > 0) & (third - error < (1 - _PRECISION) * second)


def _find_by_subtraction(queries: Queries, points: Points, excluded: Numbers) -> Neighbours:
    """Find the two nearest points from all differences, tile by tile."""
    best = torch.full((len(queries), 2), torch.inf, dtype=torch.float64, device=points.device)
    numbers = torch.zeros_like(best, dtype=torch.int64)
    for start in range(0, len(points), _POINTS):
        tile = torch.cdist(
            queries.double(),
            points[start : start + _POINTS].double(),
            compute_mode="donot_use_mm_for_euclid_dist",
        )
        _exclude(tile, excluded - start)
        near, columns = _take_least(tile)
        joined = torch.cat([best, near], dim=1).sort(dim=1, stable=True)
        places = joined.indices[:, :2]
        numbers = torch.cat([numbers, columns + start], dim=1).gather(1, places)
        best = joined.values[:, :2]
    return _order(queries, points, numbers, missing=best.isinf())
