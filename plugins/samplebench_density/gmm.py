"""A mixture of Gaussians."""

import math
from collections.abc import Mapping
from typing import Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor

from samplebench import Continuous, DensitySampler, Form, Latents, LatentSpace
from samplebench.clusters import k_means
from samplebench.settings import one_of
from samplebench.training import set_aside
from samplebench_density.components import Points
from samplebench_density.maximum_likelihood import Climb, climb, standardised
from samplebench_density.normal_mixture import Covariance, NormalMixture

Unseen = Float[Tensor, "unseen D"]
Stop = Literal["training", "held-out"]

LLOYD_ROUNDS = 30
"""More gained no likelihood on latents of MNIST, and fewer lost some."""

_FIRST_ITERATIONS = 5
"""After so many, the likeliest of several starts is carried on."""

_SHARE = 4
_LATENTS_A_PARAMETER = 20
"""Starts are compared on a quarter of the latents, but not on fewer than so many times the
numbers in all means."""

_CANDIDATES = (1, 2, 5, 10, 20, 50, 100)


class GaussianMixture(DensitySampler):
    """Draws from a mixture of Gaussians fitted by expectation-maximisation (EM).

    ``p(z) = Σ_k π_k N(z; μ_k, Σ_k)``, climbing ``Σ_i log p(z_i) / n`` from clusters found by
    k-means. Grids of sites are one vector. Settings mean what they do in scikit-learn, but for
    ``ridge``, which follows the scale of the latents, and ``restarts``. A component that loses all
    its latents keeps weight 0.

    Args:
        components: how many; "bic" fits each of ``candidates`` and keeps the mixture with the
            lowest Bayesian information criterion, ``p log n − 2 Σ_i log p(z_i)`` for p free
            parameters and n training latents.
        covariance: "full"; "diagonal", with independent dimensions; "tied", one for all, full.
        iterations: at most so many of EM, in each climb.
        tolerance: EM has converged when an iteration changes the mean log-likelihood of a latent
            by less, in nats.
        stop: whose likelihood that is: of the "training" latents; or of a share of them that is
            "held-out" of the fit, whose likeliest mixture is then kept.
        held_out: that share.
        restarts: starts of which the likeliest is carried on; with many latents it is the
            likeliest after a few iterations on a part of them.
        ridge: added to every variance, as a share of the latents' mean variance.
        candidates: numbers of components for "bic"; those that cannot be fitted, for want of
            distinct latents, are left out.

    Reference: Maximum likelihood from incomplete data via the EM algorithm (Dempster, Laird and
    Rubin, 1977), Journal of the Royal Statistical Society B 39.
    """

    accepts = (Continuous,)

    def __init__(
        self,
        components: int | Literal["bic"] = 10,
        covariance: Covariance = "full",
        iterations: int = 500,
        tolerance: float = 1e-3,
        stop: Stop = "training",
        held_out: float = 0.1,
        restarts: int = 3,
        ridge: float = 1e-6,
        candidates: tuple[int, ...] = _CANDIDATES,
    ) -> None:
        least = min(candidates, default=0) if components == "bic" else components
        counts = {"components": least, "iterations": iterations, "restarts": restarts}
        for name, count in counts.items():
            if count < 1:
                raise ValueError(f"{name} must be at least 1, not {count}")
        for name, number in {"tolerance": tolerance, "ridge": ridge}.items():
            if not number >= 0:
                raise ValueError(f"{name} must be at least 0, not {number}")
        if not 0 < held_out < 1:
            raise ValueError(f"held_out is a share between 0 and 1, not {held_out}")
        self.components = components
        self.covariance: Covariance = one_of("covariance", covariance, get_args(Covariance))
        self.iterations = iterations
        self.tolerance = tolerance
        self.stop: Stop = one_of("stop", stop, get_args(Stop))
        self.held_out = held_out
        self.restarts = restarts
        self.ridge = ridge
        self.candidates = candidates

    def fit(self, latents: Latents) -> None:
        """Learn the mixture.

        Raises:
            ValueError: there are fewer distinct latents than components, or a covariance is
                singular with this ridge.
        """
        form = Form.of(latents)
        points, centre, scale = standardised(form.vectors(latents))
        points, unseen = self._split(points)
        best = min(
            self._climbs(points, unseen), key=lambda climbed: _criterion(climbed, len(points))
        )
        self._form, self._law = form, best.mixture.placed(centre, scale)
        # D dimensions, each stretched by the scale, thin the density.
        thinner = form.dimensions * float(scale.log())
        self._found = {
            "components": float(len(best.mixture.weights)),
            "iterations": float(best.iterations),
            "log_likelihood": best.log_likelihood - thinner,
            "converged": float(best.converged),
        }
        if best.held_out is not None:
            self._found["held_out_log_likelihood"] = best.held_out - thinner

    def sample(self, count: int) -> Latents:
        return self._form.latents(self._law.sample(count, self._form.precision))

    def log_prob(self, latents: Latents) -> Float[Tensor, " samples"]:
        return self._law.log_prob(self._form.vectors(latents))

    def diagnostics(self) -> Mapping[str, float]:
        """Components; iterations of EM in the last climb, which goes over all latents; the mean
        log-likelihood of a training latent, and where some were held out of one of those, in nats;
        1 if EM converged.
        """
        return self._found

    def state(self) -> Mapping[str, Tensor]:
        return {**self._form.state(self._found), **self._law.state()}

    def restore(self, space: LatentSpace, state: Mapping[str, Tensor]) -> None:
        self._form = Form.restored(space, state)
        self._law = NormalMixture.restored(state, self.covariance)
        self._found = Form.diagnostics(state)

    @property
    def _counts(self) -> tuple[int, ...]:
        return self.candidates if self.components == "bic" else (self.components,)

    def _split(self, points: Points) -> tuple[Float[Tensor, "fitted D"], Unseen | None]:
        """The points to fit to, and those held out of it."""
        if self.stop == "training":
            return points, None
        return set_aside(points, self.held_out)

    def _climbs(self, points: Points, unseen: Unseen | None) -> list[Climb]:
        """One for each number of components that can be fitted."""
        found, problem = [], ValueError("there are no candidates")
        for count in self._counts:
            try:
                found.append(self._climb(points, unseen, count))
            except ValueError as error:
                problem = error
        if not found:
            raise problem
        return found

    def _climb(self, points: Points, unseen: Unseen | None, count: int) -> Climb:
        """The likeliest of several starts, climbed on some of the points, carried on with all.

        On fewer points an iteration takes less time, and most of the way is gone there.
        """
        some = points[torch.randperm(len(points), device=points.device)[: _enough(points, count)]]
        first = self.iterations if len(some) == len(points) else _FIRST_ITERATIONS
        starts = [self._start(some, count) for _ in range(self.restarts)]
        best = max(
            [self._climbed(start, some, unseen, first) for start in starts], key=_likelihood
        )
        if len(some) < len(points):
            best = self._climbed(best.mixture, some, unseen, self.iterations)
            best = self._climbed(best.mixture, points, unseen, self.iterations)
        return best

    def _start(self, points: Points, count: int) -> NormalMixture:
        """The clusters of k-means, each as a Gaussian."""
        means, variance = k_means(points, count, LLOYD_ROUNDS)
        nearest = NormalMixture.round(means, variance + self.ridge, self.covariance)
        # In round views, float32 would drown directions of little variance.
        return nearest.maximised(nearest.moments(points, torch.float64, divided=False), self.ridge)

    def _climbed(
        self, start: NormalMixture, points: Points, unseen: Unseen | None, iterations: int
    ) -> Climb:
        return climb(
            start,
            points,
            ridge=self.ridge,
            iterations=iterations,
            tolerance=self.tolerance,
            held_out=unseen,
        )


def _enough(points: Points, count: int) -> int:
    """How many of the points starts are compared on."""
    least = _LATENTS_A_PARAMETER * count * points.shape[1]
    some = max(len(points) // _SHARE, least)
    return some if 2 * some <= len(points) else len(points)


def _likelihood(climbed: Climb) -> float:
    return climbed.log_likelihood if climbed.held_out is None else climbed.held_out


def _criterion(climbed: Climb, points: int) -> float:
    """The Bayesian information criterion, a point's share of it."""
    return climbed.mixture.parameters * math.log(points) / points - 2 * climbed.log_likelihood
