"""The fit of mixtures to points: expectation-maximisation until the likelihood stops rising."""

import math
from dataclasses import dataclass, replace

from jaxtyping import Float
from torch import Tensor

from samplebench_density.mixture.components import Points
from samplebench_density.mixture.normal_mixture import NormalMixture


def standardise(vectors: Points) -> tuple[Points, Float[Tensor, " D"], Float[Tensor, ""]]:
    """Scale points to mean 0 and mean variance 1; return them, centre and scale.

    The vectors are ``centre + scale · x`` for the points x. All dimensions share one scale, so
    angles and ratios of distances do not change.

    Raises:
        ValueError: the vectors are all equal.
    """
    # The mean of equal numbers is rounded, so differences from it are not quite 0.
    if not bool((vectors.amin(0) < vectors.amax(0)).any()):
        raise ValueError(f"all {len(vectors)} latents are equal, and no Gaussian fits a point")
    centre = vectors.mean(0)
    scale = _std(vectors).square().mean().sqrt()
    return (vectors - centre).div_(scale), centre.double(), scale.double()


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


def _std(vectors: Points) -> Float[Tensor, " D"]:
    """The standard deviation of each dimension, dividing by n.

    Written out, because ``torch.std`` takes five times as long down the columns.
    """
    return (vectors - vectors.mean(0)).square_().mean(0).sqrt()
