"""k-means, started by k-means++."""

import math

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import one_hot

from samplebench.clusters.choosing import choose_by_weight
from samplebench.clusters.nearest import find_nearest

Points = Float[Tensor, "points D"]
Means = Float[Tensor, "K D"]

CHUNK = 2**14
"""The number of points compared with the centres at once."""


def k_means(points: Points, count: int, rounds: int) -> tuple[Means, Float[Tensor, ""]]:
    """Find ``count`` centres, and the mean variance per dimension about them, both float64.

    Greedy k-means++ draws the first centre from the points. For each further one it draws 2 + log
    count points with probability proportional to the squared distance to the nearest centre, and
    keeps the one that lowers the sum of squared distances most. At most ``rounds`` of Lloyd's
    iteration follow, until no centre moves. A centre that loses all its points stays.

    Raises:
        ValueError: there are fewer distinct points than centres.

    Reference: k-means++: The advantages of careful seeding (Arthur and Vassilvitskii, 2007),
    SODA 2007.
    """
    # In units of a power of two, which rounds nothing, no square overflows or vanishes.
    exponent = torch.frexp(points.abs().amax()).exponent.clamp(-126, 126).double()
    points = points * (-exponent).exp2().to(points)
    centres = _draw_centres(points, count)
    for _ in range(rounds):
        before, centres = centres, move_centres(centres, points)
        if torch.equal(before, centres):
            break
    squares = torch.zeros((), dtype=torch.float64, device=points.device)
    for chunk in torch.split(points, CHUNK):
        gaps = chunk - centres[find_nearest(chunk, centres)]
        squares += gaps.square_().sum(dtype=torch.float64)
    unit = exponent.exp2()
    return centres.double() * unit, squares / points.numel() * unit.square()


def move_centres(centres: Means, points: Points) -> Means:
    """Move each centre to the mean of the points nearest to it: one round of Lloyd's iteration."""
    sums = torch.zeros_like(centres, dtype=torch.float64)
    sizes = torch.zeros_like(sums[:, :1])
    for chunk in torch.split(points, CHUNK):
        members = one_hot(find_nearest(chunk, centres), len(centres)).to(chunk)  # (chunk, K)
        sums += members.mT @ chunk
        sizes += members.sum(0)[:, None]
    return torch.where(sizes > 0, sums / sizes, centres).to(points)


def _draw_centres(points: Points, count: int) -> Means:
    """Draw centres by greedy k-means++."""
    drawn = [points[torch.randint(len(points), (1,), device=points.device)]]
    squares = _squared_distances(points, drawn[0])[:, 0]
    for _ in range(count - 1):
        candidates = points[choose_by_weight(squares, 2 + int(math.log(count)))]
        remaining = torch.minimum(
            squares[:, None], _squared_distances(points, candidates)
        )  # (points, candidates)
        best = remaining.sum(0, dtype=torch.float64).argmin(keepdim=True)
        drawn.append(candidates[best])
        squares = remaining[:, best].squeeze(1)
    centres = torch.cat(drawn)
    if len(torch.unique(centres, dim=0)) < count:
        raise ValueError(
            f"{count} components need as many distinct points to start from, and there are fewer "
            f"among the {len(points)} points: ask for fewer components"
        )
    return centres


def _squared_distances(points: Points, others: Means) -> Float[Tensor, "points K"]:
    """Compute squared distances, which are exactly 0 between equal points."""
    return torch.cat(
        [
            torch.cdist(chunk, others, compute_mode="donot_use_mm_for_euclid_dist").square_()
            for chunk in torch.split(points, CHUNK)
        ]
    )
