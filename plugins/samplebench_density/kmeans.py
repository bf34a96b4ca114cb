"""Centres for a mixture to start from."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn.functional import one_hot

from samplebench_density.choosing import chosen
from samplebench_density.components import Means, Points

CHUNK = 2**14
"""Points compared with the centres at a time."""


def centres(points: Points, count: int, rounds: int) -> tuple[Means, Float[Tensor, ""]]:
    """``count`` centres, and the mean variance of a dimension about them, both float64.

    k-means++ draws the first from the points, and each next one in proportion to its squared
    distance to the nearest so far. Then come ``rounds`` of Lloyd's iteration, in which a centre
    that loses all its points stays where it is.

    Raises:
        ValueError: there are fewer distinct points than centres.

    Reference: k-means++: The advantages of careful seeding (Arthur and Vassilvitskii, 2007),
    SODA 2007.
    """
    found = _spread(points, count)
    for _ in range(rounds):
        found = moved(found, points)
    squares = [_nearest(chunk, found)[0].square() for chunk in torch.split(points, CHUNK)]
    return found.double(), torch.cat(squares).mean(dtype=torch.float64) / points.shape[1]


def _spread(points: Points, count: int) -> Means:
    """The centres of k-means++."""
    found = [points[torch.randint(len(points), (1,), device=points.device)]]
    squares = _squares(points, found[0])
    for _ in range(count - 1):
        found.append(points[chosen(squares, 1)])
        squares = torch.minimum(squares, _squares(points, found[-1]))
    means = torch.cat(found)
    if len(torch.unique(means, dim=0)) < count:
        raise ValueError(
            f"{count} components need as many distinct latents, "
            f"and among these {len(points)} there are fewer"
        )
    return means


def _squares(points: Points, centre: Float[Tensor, "1 D"]) -> Float[Tensor, " points"]:
    """Squared distances to one centre, exactly 0 at the centre."""
    return torch.cat([(chunk - centre).square().sum(1) for chunk in torch.split(points, CHUNK)])


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
