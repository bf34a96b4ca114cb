"""The fit of mixtures to points: expectation-maximisation until the likelihood stops rising."""

import math
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from samplebench_density.mixture.components import Points
from samplebench_density.mixture.normal_mixture import NormalMixture
from samplebench_density.vectors.statistics import Statistics


@dataclass(frozen=True, eq=False)
class Standardised:
    """Points of mean 0 and variance 1 in each dimension; the vectors are ``centre + scale · x``.

    Where nothing varies, all is 0, and ``scale`` is the root of the mean variance. ``widths`` are
    the scales relative to that root, so that angles and ratios of distances of ``widths · x`` are
    those of the vectors.
    """

    points: Points
    centre: Float[Tensor, " D"]
    scale: Float[Tensor, " D"]
    widths: Float[Tensor, " D"]


def standardise(vectors: Points) -> Standardised:
    """Standardise vectors of any scale.

    Raises:
        ValueError: the vectors are all equal.
    """
    statistics = Statistics.of(vectors)
    std = statistics.std
    if not bool(std.any()):
        raise ValueError(f"all {len(vectors)} latents are equal, and no Gaussian fits a point")
    centre, mean_scale = statistics.mean.to(vectors), std.square().mean().sqrt()
    scale = torch.where(std > 0, std, mean_scale).to(vectors)
    points = ((vectors - centre) / scale).mul_(std > 0)  # differences from a mean are rounded
    return Standardised(points, centre.double(), scale.double(), scale / mean_scale)


@dataclass(frozen=True, eq=False)
class MixtureFit:
    """The mixture that expectation-maximisation reached.

    The mean log-likelihoods of a training and of a held-out point are those of ``mixture``, in
    nats; the second is ``None`` where nothing was held out.
    """

    mixture: NormalMixture
    iterations: int
    log_likelihood: float
    held_out: float | None
    converged: bool


def fit_mixture(
    start: NormalMixture,
    points: Points,
    *,
    ridge: float,
    iterations: int,
    tolerance: float,
    held_out: Float[Tensor, "unseen D"] | None = None,
) -> MixtureFit:
    """Iterate from ``start``, until an iteration gains less than ``tolerance``, in nats.

    The gain is that of the mean log-likelihood of the held-out points where there are some, and
    the mixture is then the one under which they are likeliest; else that of the training points,
    which no iteration lowers. Products are taken in the type of the points, which is exact enough
    once components have covariances of their own.

    Raises:
        ValueError: a covariance became singular.
    """
    mixture = start
    best: MixtureFit | None = None
    for iteration in range(iterations + 1):
        moments = mixture.compute_moments(points, points.dtype)
        log_likelihood = float(moments.log_likelihood)  # the one wait for the device
        if math.isnan(log_likelihood):
            raise singular_error(ridge)
        seen = None if held_out is None else float(mixture.log_likelihood(held_out, points.dtype))
        here = MixtureFit(mixture, iteration, log_likelihood, seen, converged=False)
        converged = best is not None and _gain(best, here) < tolerance
        if best is None or seen is None or _gain(best, here) > 0:
            best = here
        if converged or iteration == iterations:
            break
        mixture = mixture.maximise(moments, ridge)
    assert best is not None  # the first iteration evaluates the start
    return replace(best, converged=converged)


def singular_error(ridge: float) -> ValueError:
    """Build the error for a covariance that is not positive definite."""
    return ValueError(
        f"a covariance is singular with ridge={ridge!r}; "
        "a larger ridge or fewer components make the fit well posed"
    )


def _gain(before: MixtureFit, after: MixtureFit) -> float:
    """The rise of the log-likelihood of the held-out points, or of the training points."""
    if before.held_out is not None and after.held_out is not None:
        return after.held_out - before.held_out
    return abs(after.log_likelihood - before.log_likelihood)
