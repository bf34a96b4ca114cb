"""Latent authenticity: the share of generated latents that copy no training latent."""

import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor

from samplebench import Evidence, LatentSpace, Metric, Need
from samplebench_metrics.vectors import as_vectors, vector_objection

_POINTS, _QUERIES = 8192, 512
"""A tile of distances, 32 MiB: of the sizes tried the fastest on CPUs."""


class LatentAuthenticity(Metric):
    """The share of generated latents no closer to a training latent than its own neighbours are.

    With t the training latent nearest to a generated latent g, and t′ the one nearest to t among
    the others, g is authentic if ``|g − t| > |t − t′|``. A copy is never authentic. Held-out
    latents are the reference, shown in the reconstruction row; a row is marked below 0.8 of it.

    Departs from the paper in the space: the latents as they are, not an embedding made for it.

    Reference: How Faithful is your Synthetic Data? Sample-level Metrics for Evaluating and
    Auditing Generative Models (Alaa et al., 2022), arXiv:2102.08921.
    """

    title = "authenticity"
    better = "higher"
    subject = "latents"
    needs = frozenset({Need.LATENTS, Need.GENERATED_LATENTS})
    alarm = 0.8

    def refuses(self, space: LatentSpace) -> str | None:
        return vector_objection(space)

    def measure(self, evidence: Evidence) -> float:
        train, generated = (
            as_vectors(evidence.train_latents),
            as_vectors(evidence.generated_latents),
        )
        nothing = torch.full((len(generated),), -1, device=train.device)
        nearest = _find_nearest(generated, train, excluded=nothing)
        distance = _compute_squared_distances(generated, train[nearest])
        parents, parent = torch.unique(nearest, return_inverse=True)
        neighbour = _find_nearest(train[parents], train, excluded=parents)
        spacing = _compute_squared_distances(train[parents], train[neighbour])
        return float((distance > spacing[parent]).double().mean())


def _find_nearest(
    queries: Float[Tensor, "queries dimensions"],
    points: Float[Tensor, "points dimensions"],
    *,
    excluded: Int64[Tensor, " queries"],
) -> Int64[Tensor, " queries"]:
    """Find the number of the point nearest to each query, the ``excluded`` one left out.

    Tile by tile in float64: squared distances are right to about 1e-15 of the squared norms, and
    of two points that are equally near up to that, either may be taken.
    """
    best = torch.full((len(queries),), torch.inf, dtype=torch.float64, device=points.device)
    nearest = torch.zeros(len(queries), dtype=torch.int64, device=points.device)
    for start in range(0, len(points), _POINTS):
        some = points[start : start + _POINTS].double()
        lengths = some.square().sum(1)
        for rows in torch.split(torch.arange(len(queries), device=points.device), _QUERIES):
            # |q − p|² without |q|², which changes no order.
            tile = torch.addmm(lengths, queries[rows].double(), some.T, alpha=-2)
            _exclude(tile, excluded[rows] - start)
            closest, column = tile.min(dim=1)
            closer = closest < best[rows]
            best[rows] = torch.where(closer, closest, best[rows])
            nearest[rows] = torch.where(closer, column + start, nearest[rows])
    return nearest


def _exclude(tile: Float64[Tensor, "queries points"], column: Int64[Tensor, " queries"]) -> None:
    """Set one entry of each row to infinity, where its column lies in the tile."""
    inside = column.clamp(0, tile.shape[1] - 1)[:, None]
    entry = tile.gather(1, inside)
    tile.scatter_(1, inside, entry.masked_fill(inside == column[:, None], torch.inf))


def _compute_squared_distances(
    left: Float[Tensor, "pairs dimensions"], right: Float[Tensor, "pairs dimensions"]
) -> Float64[Tensor, " pairs"]:
    """Compute them by subtraction, in float64: equal vectors are at exactly zero."""
    pairs = zip(torch.split(left, _POINTS), torch.split(right, _POINTS), strict=True)
    return torch.cat([(one.double() - other.double()).square().sum(1) for one, other in pairs])
