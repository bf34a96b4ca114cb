"""The nearest codeword of every point, in memory that does not grow with points times codes.

``argmin_k |z − e_k|² = argmin_k (|e_k|²/2 − z·e_k)``: the square of the point drops out, so one
matrix product that starts from the halved squares suffices to compare. It is computed in tiles,
which stay in the processor's cache until their smallest entries are found.
"""

import torch
from jaxtyping import Float, Int64
from torch import Tensor

Points = Float[Tensor, "points channels"]
Codebook = Float[Tensor, "codes channels"]
Codes = Int64[Tensor, " points"]

_TILE = {"cpu": 2**21}
"""Entries of a tile, points times codes: 8 MiB in float32."""
_LARGE_TILE = 2**24  # an accelerator is faster with few large products


@torch.no_grad()
def find_nearest(points: Points, codebook: Codebook) -> Codes:
    """Find the code of the codeword nearest to each point, the lowest among equals.

    Both have one floating type, and distances are exact to its rounding: they are computed about
    the mean codeword, so that a codebook far from the origin loses no precision.
    """
    centre = codebook.mean(0)
    centred = codebook - centre
    halved_squares = centred.square().sum(1) / 2
    rows = max(1, _TILE.get(points.device.type, _LARGE_TILE) // len(codebook))
    tile = points.new_empty(min(rows, len(points)), len(codebook))
    codes = torch.empty(len(points), dtype=torch.int64, device=points.device)
    for some, found in zip(torch.split(points, rows), torch.split(codes, rows), strict=True):
        scores = tile[: len(some)]
        torch.addmm(halved_squares, some - centre, centred.T, alpha=-1, out=scores)
        torch.argmin(scores, 1, out=found)
    return codes


@torch.no_grad()
def count_and_sum(
    points: Points, codes: Codes, count: int
) -> tuple[Float[Tensor, " codes"], Codebook]:
    """For each of ``count`` codes, count and sum the points that have it."""
    ones = points.new_ones(1).expand(len(points))
    counts = points.new_zeros(count).index_add_(0, codes, ones)
    sums = points.new_zeros(count, points.shape[1]).index_add_(0, codes, points)
    return counts, sums
