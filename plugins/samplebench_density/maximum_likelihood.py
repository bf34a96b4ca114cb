"""Mixtures fitted to points: expectation-maximisation until it stops gaining."""

import math
from dataclasses import dataclass, replace

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
    # The mean of equal numbers is rounded, so deviations from it are not quite 0.
    if not bool((vectors.amin(0) < vectors.amax(0)).any()):
        raise ValueError(f"all {len(vectors)} latents are equal, and no Gaussian fits a point")
    centre = vectors.mean(0)
    scale = deviations(vectors).square().mean().sqrt()
    return (vectors - centre).div_(scale), centre.double(), scale.double()


@dataclass(frozen=True, eq=False)
class Climb:
    """Where expectation-maximisation came to.

    The mean log-likelihoods of a training and of a held-out point are those of ``mixture``, in
    nats; the second is ``None`` where nothing was held out.
    """

    mixture: NormalMixture
    iterations: int
    log_likelihood: float
    held_out: float | None
    converged: bool


def climb(
    start: NormalMixture,
    points: Points,
    *,
    ridge: float,
    iterations: int,
    tolerance: float,
    held_out: Float[Tensor, "unseen D"] | None = None,
) -> Climb:
    """At most so many iterations from ``start``, until one gains less than ``tolerance``, in nats.

    What is to gain is the mean log-likelihood of the held-out points where there are some, and the
    mixture is then the one under which they are likeliest; else that of the training points, which
    no iteration lowers. Products are taken in the type of the points, which is exact enough once
    components have covariances of their own.

    Raises:
        ValueError: a covariance became singular.
    """
    mixture = start
    best: Climb | None = None
    for iteration in range(iterations + 1):
        moments = mixture.moments(points, points.dtype)
        log_likelihood = float(moments.log_likelihood)  # the one wait for the device
        if math.isnan(log_likelihood):
            raise singular(ridge)
        seen = None if held_out is None else float(mixture.log_likelihood(held_out, points.dtype))
        here = Climb(mixture, iteration, log_likelihood, seen, converged=False)
        converged = best is not None and _gain(best, here) < tolerance
        if best is None or seen is None or _gain(best, here) > 0:
            best = here
        if converged or iteration == iterations:
            break
        mixture = mixture.maximised(moments, ridge)
    assert best is not None  # the first iteration looks at the start
    return replace(best, converged=converged)


def singular(ridge: float) -> ValueError:
    """What to tell of a covariance that is no positive definite matrix."""
    return ValueError(
        f"a covariance is singular with ridge={ridge!r}; "
        "a larger ridge or fewer components make the fit well posed"
    )


def _gain(before: Climb, after: Climb) -> float:
    """By how much the points that decide are likelier."""
    if before.held_out is not None and after.held_out is not None:
        return after.held_out - before.held_out
    return abs(after.log_likelihood - before.log_likelihood)
