"""Mixtures fitted to points: expectation-maximisation until it stops gaining."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from samplebench_density.components import Points
from samplebench_density.deviations import deviations
from samplebench_density.normal_mixture import NormalMixture


def standardised(vectors: Points) -> tuple[Points, Float[Tensor, " D"], Float[Tensor, ""]]:
    """Points of mean 0 and mean variance 1, and what leads back: ``centre + scale · x``.

    All dimensions share one scale, so angles and ratios of distances stay what they were.

    Raises:
        ValueError: the vectors are all equal.
    """
    centre = vectors.mean(0)
    scale = deviations(vectors).square().mean().sqrt()
    if not scale > 0:
        raise ValueError(f"all {len(vectors)} latents are equal, and no Gaussian fits a point")
    return (vectors - centre).div_(scale), centre.double(), scale.double()


@dataclass(frozen=True, eq=False)
class Climb:
    """Where expectation-maximisation came to. ``log_likelihood`` is a point's mean, in nats."""

    mixture: NormalMixture
    iterations: int
    log_likelihood: float
    converged: bool


def climb(
    start: NormalMixture, points: Points, *, ridge: float, iterations: int, tolerance: float
) -> Climb:
    """At most so many iterations from ``start``, until one gains less than ``tolerance``, in nats.

    Raises:
        ValueError: a covariance became singular.
    """
    mixture, before = start, -math.inf
    for iteration in range(iterations + 1):
        # In the round views of a start, float32 would drown directions of little variance; once
        # components have covariances of their own, it loses nothing.
        precision = points.dtype if iteration else torch.float64
        moments = mixture.moments(points, precision)
        log_likelihood = float(moments.log_likelihood)  # the one wait for the device
        if math.isnan(log_likelihood):
            raise ValueError(
                f"a covariance is singular with ridge={ridge!r}; "
                "a larger ridge or fewer components make the fit well posed"
            )
        converged = abs(log_likelihood - before) < tolerance
        if converged or iteration == iterations:
            break
        mixture, before = mixture.maximised(moments, ridge), log_likelihood
    return Climb(mixture, iteration, log_likelihood, converged)
