"""The centres of k-means."""

import math

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn.functional import one_hot

from samplebench.clusters.choosing import chosen

Points = Float[Tensor, "points D"]
Means = Float[Tensor, "K D"]

CHUNK = 2**14
"""Points compared with the centres at a time."""


def k_means(points: Points, count: int, rounds: int) -> tuple[Means, Float[Tensor, ""]]:
    """``count`` centres, and the mean variance of a dimension about them, both float64.

    k-means++ draws the first from the points, and each next one in proportion to its squared
    distance to the nearest so far; of 2 + log count that are drawn so, the one is taken after
    which the points are nearest to their centres. Then comes Lloyd's iteration, in which a centre
    that loses all its points stays where it is: ``rounds`` at most, until no centre moves.

    Raises:
        ValueError: there are fewer distinct points than centres.

    Reference: k-means++: The advantages of careful seeding (Arthur and Vassilvitskii, 2007),
    SODA 2007.
    """
    found = _spread(points, count)
    for _ in range(rounds):
        before, found = found, moved(found, points)
        if torch.equal(before, found):
            break
    squares = [_nearest(chunk, found)[0].square() for chunk in torch.split(points, CHUNK)]
    return found.double(), torch.cat(squares).mean(dtype=torch.float64) / points.shape[1]


def _spread(points: Points, count: int) -> Means:
    """The centres of k-means++, each the best of a few that were drawn."""
    found = [points[torch.randint(len(points), (1,), device=points.device)]]
    squares = _squares(points, found[0])[:, 0]
    for _ in range(count - 1):
        offered = points[chosen(squares, 2 + int(math.log(count)))]
        left = torch.minimum(squares[:, None], _squares(points, offered))  # (points, offers)
        best = left.sum(0, dtype=torch.float64).argmin(keepdim=True)
        found.append(offered[best])
        squares = left[:, best].squeeze(1)
    means = torch.cat(found)
    if len(torch.unique(means, dim=0)) < count:
        raise ValueError(
            f"{count} components need as many distinct points to start from, and among the "
            f"{len(points)} that were looked at there are fewer: ask for fewer components"
        )
    return means


def _squares(points: Points, others: Means) -> Float[Tensor, "points K"]:
    """Squared distances, exactly 0 between equals."""
    return torch.cat(
        [
            torch.cdist(chunk, others, compute_mode="donot_use_mm_for_euclid_dist").square_()
            for chunk in torch.split(points, CHUNK)
        ]
    )


def moved(found: Means, points: Points) -> Means:
    """Each centre at the mean of the points that are nearest to it."""
    sums = torch.zeros_like(found, dtype=torch.float64)
    sizes = torch.zeros_like(sums[:, :1])
    for chunk in torch.split(points, CHUNK):
        members = one_hot(_nearest(chunk, found)[1], len(found)).to(chunk)  # (chunk, count)
        sums += members.mT @ chunk
        sizes += members.sum(0)[:, None]
    return torch.where(sizes > 0, sums / sizes, found).to(points)


def _nearest(
    points: Points, found: Means
) -> tuple[Float[Tensor, " points"], Int64[Tensor, " points"]]:
    """For each point the distance to the nearest centre, and which that is."""
    distances, labels = torch.cdist(points, found).min(1)
    return distances, labels
