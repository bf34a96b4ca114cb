"""The sliced Wasserstein distance between generated and held-out latents."""

import torch
from jaxtyping import Float64, Int64
from torch import Tensor

from samplebench import Evidence, LatentSpace, Metric, Need, seeded
from samplebench.clusters import compute_moments
from samplebench_metrics.vectors import as_vectors, vector_objection

_NUMBERS_AT_ONCE = 2**21
"""Projected numbers that are sorted at a time: 16 MiB."""


class SlicedWasserstein(Metric):
    """The sliced Wasserstein-2 distance between generated and held-out latents.

    ``SW2² = mean over directions θ of W2²(θ·X, θ·Y)``, over ``projections`` directions that are
    always the same. In one dimension ``W2² = ∫ (F⁻¹(u) − G⁻¹(u))² du`` over both quantile
    functions, which are steps: of as many points each, the mean square between them in order.
    Everything is float64. Every dimension is first standardised by the
    training latents' mean and (population) standard deviation; one that is constant there is only
    centred. Held-out latents are the reference because against the training latents a copier wins
    by construction.

    Args:
        projections: number of directions.

    Reference: Sliced and Radon Wasserstein Barycenters of Measures (Bonneel et al., 2015),
    doi:10.1007/s10851-014-0506-3.
    """

    title = "sliced W2"
    better = "lower"
    subject = "latents"
    has_floor = True
    needs = frozenset({Need.LATENTS, Need.GENERATED_LATENTS, Need.SAMPLER})

    def __init__(self, projections: int = 1000) -> None:
        if projections < 1:
            raise ValueError(f"projections must be at least 1, not {projections}")
        self.projections = projections

    def refuses(self, space: LatentSpace) -> str | None:
        return vector_objection(space)

    def measure(self, evidence: Evidence) -> float:
        mean, variance = compute_moments(as_vectors(evidence.train_latents))
        std = torch.where(variance > 0, variance.sqrt(), 1.0)
        ours = (as_vectors(evidence.generated_latents) - mean) / std
        held_out = (as_vectors(evidence.test_latents) - mean) / std
        chunk = max(1, _NUMBERS_AT_ONCE // (len(ours) + len(held_out)))
        steps = _align_steps(len(ours), len(held_out), ours.device)
        squares = [
            _compute_squares(_sort_along(ours, some), _sort_along(held_out, some), *steps).sum()
            for some in torch.split(self._draw_directions(ours), chunk, dim=1)
        ]
        return float((torch.stack(squares).sum() / self.projections).sqrt())

    def _draw_directions(self, like: Float64[Tensor, "samples dimensions"]) -> Tensor:
        """Draw unit vectors (dimensions, projections), always the same for as many dimensions."""
        with seeded(0, "sliced-wasserstein projections"):
            normal = torch.randn(like.shape[1], self.projections, dtype=like.dtype)
        return torch.nn.functional.normalize(normal, dim=0).to(like.device)


def _sort_along(
    points: Float64[Tensor, "points dimensions"], directions: Float64[Tensor, "dimensions some"]
) -> Float64[Tensor, "some points"]:
    """Sort the points along each direction, in ascending order."""
    projected = directions.T @ points.T
    if projected.device.type == "cpu":
        projected.numpy().sort(axis=1)  # by vector instructions: five times as fast as torch
        return projected
    return projected.sort(dim=1).values


Places = Int64[Tensor, " steps"]


def _align_steps(
    ours: int, theirs: int, device: torch.device
) -> tuple[Places, Places, Float64[Tensor, " steps"]]:
    """Align the steps of two quantile functions of so many points: for each interval on which both
    are constant, the place of the point that each has there, and the length of the interval.
    """
    own = torch.arange(1, ours + 1, device=device) * theirs
    other = torch.arange(1, theirs + 1, device=device) * ours
    ends = torch.unique(torch.cat([own, other]))  # in units of 1 / (ours · theirs)
    lengths = torch.diff(ends, prepend=ends.new_zeros(1)).double() / (ours * theirs)
    return torch.searchsorted(own, ends), torch.searchsorted(other, ends), lengths


def _compute_squares(
    ours: Float64[Tensor, "some ours"],
    theirs: Float64[Tensor, "some theirs"],
    place: Places,
    their_place: Places,
    lengths: Float64[Tensor, " steps"],
) -> Float64[Tensor, " some"]:
    """Compute W2² along each direction, of sorted points."""
    if ours.shape == theirs.shape:
        return (ours - theirs).square_().mean(1)
    return (ours[:, place] - theirs[:, their_place]).square_() @ lengths
