"""The nearest centre of every point, in memory that does not grow with points times centres.

``argmin_k |z − e_k|² = argmin_k s_k`` with ``s_k = |e_k|²/2 − z·e_k``: the square of the point
drops out, so one matrix product gives all that is compared. Rounding changes an s_k by at most
about ``D u (|z| |e_k| + |e_k|²/2)`` for D dimensions and the unit roundoff u. With
``r = |z − e_b|`` for the centre b of the least score, any centre as near has ``|e_k| ≤ |z| + r``,
and so a score below ``s_b + 2 D u (4 |z|² + 3 s_b)``, however far other centres are. Only points
with several scores below that limit are compared again: by a product in float64, and centres that
are closer than its rounding by exact differences.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from samplebench.clusters.threads import divide_among_threads

Points = Float[Tensor, "points D"]
Centres = Float[Tensor, "centres D"]
Labels = Int64[Tensor, " points"]
Scores = Float[Tensor, "_ _"]

_TILE = {"cpu": 2**20}
"""Entries of a tile, points times centres: 4 MiB in float32, which stay in the cache."""
_LARGE_TILE = 2**24  # an accelerator is faster with few large products
_TILES = 4
"""A thread of its own is started for no fewer tiles than these."""
_ROWS, _GROUPS = 16, 32
"""Scores are compared in groups of up to 16 centres, where that leaves 32 groups."""
_SLACK = 8
"""Roundings of a score besides the D of its product."""
_FEW = 4
"""With more near centres a point than these, equal ones are set aside first."""
_SAMPLE = 64


@torch.no_grad()
def find_nearest(points: Points, centres: Centres) -> Labels:
    """Find the index of the centre nearest to each point, the lowest among equals.

    It is exact, as if distances were taken from differences in float64. Both arguments have one
    floating type. A point that is not finite gets any index. On an accelerator, one transfer a
    call asks if there are points to compare again.
    """
    with torch.autocast(points.device.type, enabled=False):
        labels, sure = _compare_products(points, centres)
        rest = (~sure).nonzero()[:, 0]
        if len(rest):
            labels[rest] = _compare_again(points[rest], centres)
    return labels


def find_middle(centres: Centres) -> Float[Tensor, " D"]:
    """Find the median in each dimension of some of the centres, which few far ones do not move."""
    some = centres[:: max(1, len(centres) // _SAMPLE)]
    return some.sort(0).values[len(some) // 2]


@dataclass(frozen=True, eq=False)
class _Keys:
    """Centres about their middle, and their halved squares: ``s_k = key_k · (−z, 1)``.

    In groups: centre k is in row ``k // groups`` of group ``k % groups``. Places that are left
    over have infinite scores.
    """

    keys: Float[Tensor, "rows_and_groups D_and_one"]
    rows: int
    middle: Float[Tensor, " D"]

    @classmethod
    def of(cls, centres: Centres, dtype: torch.dtype) -> "_Keys":
        count, width = centres.shape
        rows = min(_ROWS, max(1, count // _GROUPS))
        middle = find_middle(centres).to(dtype)
        keys = middle.new_zeros(-(-count // rows) * rows, width + 1)
        torch.sub(centres, middle, out=keys[:count, :width])
        keys[:, width] = keys.double().square().sum(1) / 2
        keys[count:, width] = torch.inf
        return cls(keys, rows, middle)

    def fill(self, queries: Tensor, points: Points) -> None:
        """Write ``(−z, 1)`` of each point, about the middle, into ``queries``."""
        torch.sub(self.middle, points, out=queries[:, :-1])
        queries[:, -1] = 1


def _compare_products(points: Points, centres: Centres) -> tuple[Labels, Bool[Tensor, " points"]]:
    """Find the centre of the least score, and where rounding cannot have decided on it."""
    keys = _Keys.of(centres, torch.promote_types(points.dtype, torch.float32))
    size = _tile_size(points, len(keys.keys))
    labels = torch.empty(len(points), dtype=torch.int64, device=points.device)
    sure = torch.empty_like(labels, dtype=torch.bool)

    def compare(part: slice) -> None:
        _compare_tiles(keys, size, points[part], labels[part], sure[part])

    if points.device.type == "cpu":
        divide_among_threads(compare, len(points), least=_TILES * size)
    else:
        compare(slice(None))
    return labels, sure


def _compare_tiles(
    keys: _Keys, size: int, points: Points, labels: Labels, sure: Bool[Tensor, " points"]
) -> None:
    """Write the centre of the least score into ``labels``, and if it is certain into ``sure``.

    Points are the columns of a tile, so that the least of each group is found by whole vectors.
    """
    queries = keys.keys.new_empty(size, keys.keys.shape[1])
    tile = keys.keys.new_empty(len(keys.keys) * size)
    parts = (torch.split(part, size) for part in (points, labels, sure))
    for some, found, certain in zip(*parts, strict=True):
        asked = queries[: len(some)]
        keys.fill(asked, some)
        scores = tile[: len(keys.keys) * len(some)].view(len(keys.keys), len(some))
        torch.mm(keys.keys, asked.mT, out=scores)
        groups = scores.view(keys.rows, len(keys.keys) // keys.rows, len(some))
        least = groups.amin(0)  # (groups, some)
        limit = _limit(asked, least.amin(0))
        group, few = _find_only(least.le_(limit))
        members = groups.gather(1, group.expand(keys.rows, 1, -1))[:, 0]  # (rows, some)
        row, single = _find_only(members.le_(limit))
        torch.add(group, row, alpha=groups.shape[1], out=found)
        torch.logical_and(few, single, out=certain)


def _find_only(marks: Scores) -> tuple[Int64[Tensor, " _"], Bool[Tensor, " _"]]:
    """Find the row of the only 1 in each column of zeros and ones, and if there is just one."""
    rows = torch.arange(len(marks), device=marks.device, dtype=marks.dtype)
    count, place = torch.stack([torch.ones_like(rows), rows]) @ marks
    return place.long().clamp_(max=len(marks) - 1), count == 1


def _limit(queries: Tensor, least: Float[Tensor, " _"]) -> Float[Tensor, " _"]:
    """Compute the score that the nearest centre cannot exceed, from queries and least scores."""
    info = torch.finfo(queries.dtype)
    squares: Tensor = torch.linalg.vector_norm(queries[:, :-1], dim=1).square_()
    rounding = 8 * squares + 6 * least
    # Products below the least normal number may be taken for 0.
    return least + (queries.shape[1] + _SLACK) * (info.eps / 2 * rounding + 2 * info.tiny)


def _compare_again(points: Points, centres: Centres) -> Labels:
    """Find the nearest by products in float64, and by differences where those are too close."""
    keys = _Keys.of(centres.double(), torch.float64)
    count, size = len(centres), _tile_size(points, len(keys.keys))
    found = []
    for some in torch.split(points, size):
        asked = keys.keys.new_empty(len(some), keys.keys.shape[1])
        keys.fill(asked, some)
        scores = asked @ keys.keys[:count].mT
        limit = _limit(asked, scores.amin(1))
        row, label = (scores <= limit[:, None]).nonzero(as_tuple=True)
        if len(row) > _FEW * len(
            some
        ):  # equal centres, as in a codebook that starts from few points
            row, label = _keep_first_of_equals(row, label, centres)
        squares = _square_gaps(some, centres, row, label)
        least = squares.new_full((len(some),), torch.inf).scatter_reduce_(0, row, squares, "amin")
        equals = torch.where(squares == least[row], label, count - 1)
        highest = label.new_full((len(some),), count - 1)
        found.append(highest.scatter_reduce_(0, row, equals, "amin"))
    return torch.cat(found)


def _keep_first_of_equals(
    row: Int64[Tensor, " pairs"], label: Int64[Tensor, " pairs"], centres: Centres
) -> tuple[Int64[Tensor, " fewer"], Int64[Tensor, " fewer"]]:
    """Keep those pairs in which no centre of a lower index is equal."""
    _, kind = torch.unique(centres, dim=0, return_inverse=True)
    place = torch.arange(len(centres), device=kind.device)
    first = torch.full_like(place, len(centres)).scatter_reduce_(0, kind, place, "amin")[kind]
    kept = first[label] == label
    return row[kept], label[kept]


def _square_gaps(
    points: Points, centres: Centres, row: Int64[Tensor, " pairs"], label: Int64[Tensor, " pairs"]
) -> Float[Tensor, " pairs"]:
    """Compute the squared distances of pairs from differences, float64."""
    size = max(1, _LARGE_TILE // points.shape[1])
    pairs = zip(torch.split(row, size), torch.split(label, size), strict=True)
    return torch.cat(
        [(points[one].double() - centres[two].double()).square().sum(1) for one, two in pairs]
    )


def _tile_size(points: Points, width: int) -> int:
    """The number of points in a tile of this width."""
    most = max(1, _TILE.get(points.device.type, _LARGE_TILE) // width)
    return max(1, min(most, len(points)))
