"""The sliced Wasserstein distance between generated and held-out latents."""

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from samplebench import Evidence, Latents, LatentSpace, Metric, seeded
from samplebench_metrics.vectors import vector_objection, vectors

_NUMBERS_AT_ONCE = 2**21
"""Projected numbers that POT gets at a time: 16 MiB, of which it makes about ten copies."""


class SlicedWasserstein(Metric):
    """The sliced Wasserstein-2 distance between generated and held-out latents.

    ``SW2² = mean over directions θ of W2²(θ·X, θ·Y)``, by POT in float64, over ``projections``
    directions that are drawn once and for all. Every dimension is first standardised by the
    training latents' mean and (population) standard deviation; one that is constant there is only
    centred. Held-out latents are the reference because against the training latents a copier wins
    by construction.

    Reference: Sliced and Radon Wasserstein Barycenters of Measures (Bonneel et al., 2015),
    doi:10.1007/s10851-014-0506-3.
    """

    title = "sliced W2"
    better = "lower"
    subject = "latents"

    def __init__(self, projections: int = 1000) -> None:
        if projections < 1:
            raise ValueError(f"projections must be at least 1, not {projections}")
        self.projections = projections

    def objection(self, space: LatentSpace) -> str | None:
        return vector_objection(space)

    def measure(self, evidence: Evidence) -> float:
        return self._to_held_out(evidence.generated_latents, evidence)

    def floor(self, evidence: Evidence) -> float:
        """The distance of a fixed random choice of as many training latents, or of all of them."""
        train = evidence.train_latents
        with seeded(0, "sliced-wasserstein floor"):
            order = torch.randperm(len(train)).to(train.device)
        return self._to_held_out(train[order[: len(evidence.generated_latents)]], evidence)

    def _to_held_out(self, latents: Latents, evidence: Evidence) -> float:
        import ot  # a second to import

        centre, scale = _moments(vectors(evidence.train_latents))
        ours = (vectors(latents) - centre) / scale
        held_out = (vectors(evidence.test_latents) - centre) / scale
        chunk = max(1, _NUMBERS_AT_ONCE // (len(ours) + len(held_out)))
        squares = [
            ot.sliced_wasserstein_distance(ours, held_out, p=2, projections=some) ** 2
            * some.shape[1]
            for some in torch.split(self._directions(ours), chunk, dim=1)
        ]
        return float((torch.stack(squares).sum() / self.projections).sqrt())

    def _directions(self, like: Float64[Tensor, "samples dimensions"]) -> Tensor:
        """Unit vectors (dimensions, projections), always the same for as many dimensions."""
        with seeded(0, "sliced-wasserstein projections"):
            normal = torch.randn(like.shape[1], self.projections, dtype=like.dtype)
        return torch.nn.functional.normalize(normal, dim=0).to(like.device)


def _moments(train: Float[Tensor, "samples dimensions"]) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each dimension in float64; a deviation of 0 is put at 1."""
    mean = train.mean(0, dtype=torch.float64)
    deviation = train.std(0, correction=0).double()
    # A rounded mean would leave a tiny deviation to divide by.
    constant = train.amax(0) == train.amin(0)
    return mean, deviation.masked_fill(constant, 1.0)
