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
from samplebench_density.mixture.components import Points
from samplebench_density.mixture.maximum_likelihood import MixtureFit, fit_mixture, standardise
from samplebench_density.mixture.normal_mixture import Covariance, NormalMixture

Unseen = Float[Tensor, "unseen D"]
Widths = Float[Tensor, " D"]
Stop = Literal["training", "held-out"]

LLOYD_ROUNDS = 30
"""On latents of MNIST, more rounds gained no likelihood, and fewer lost some."""

_FIRST_ITERATIONS = 5
"""Iterations after which the likeliest of several starts is chosen."""

_SHARE = 4
_LATENTS_A_PARAMETER = 20
"""Starts are compared on a quarter of the latents, but on at least this multiple of the numbers
in all means."""

_CANDIDATES = (1, 2, 5, 10, 20, 50, 100)


class GaussianMixture(DensitySampler):
    """Draws from a mixture of Gaussians fitted by expectation-maximisation (EM).

    ``p(z) = Σ_k π_k N(z; μ_k, Σ_k)``, maximising ``Σ_i log p(z_i) / n`` from clusters found by
    k-means. Grids of sites are one vector. Settings mean the same as in scikit-learn, but for
    ``ridge``, which follows the scale of the latents, and ``restarts``. A component that loses all
    its latents keeps weight 0.

    Args:
        components: the number of Gaussians; "bic" fits each of ``candidates`` and keeps the
            mixture with the lowest Bayesian information criterion, ``p log n − 2 Σ_i log p(z_i)``
            for p free parameters and n training latents.
        covariance: "full"; "diagonal", with independent dimensions; "tied", one for all, full.
        iterations: the greatest number of iterations of EM, from each start.
        tolerance: EM has converged when an iteration changes the mean log-likelihood of a latent
            by less, in nats.
        stop: the latents whose likelihood that is: the "training" latents; or a share of them that
            is "held-out" of the fit, whose likeliest mixture is then kept.
        held_out: that share.
        restarts: starts, of which EM continues with the likeliest; with many latents it is the
            likeliest after a few iterations on a part of them.
        ridge: added to all variances of a dimension, as a share of the latents' variance there; of
            their mean variance where a dimension never varies.
        candidates: numbers of components for "bic"; those that cannot be fitted, for want of
            distinct latents, are left out.

    Reference: Maximum likelihood from incomplete data via the EM algorithm (Dempster, Laird and
    Rubin, 1977), doi:10.1111/j.2517-6161.1977.tb01600.x.
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
        given = standardise(form.vectors(latents))
        points, unseen = self._split(given.points)
        best = min(
            self._fit_each_count(points, unseen, given.widths),
            key=lambda fit: _criterion(fit, len(points)),
        )
        self._form, self._mixture = form, best.mixture.transform(given.centre, given.scale)
        # Each dimension, stretched by its scale, lowers the density.
        log_stretch = float(given.scale.log().sum())
        self._diagnostics = {
            "components": float(len(best.mixture.weights)),
            "iterations": float(best.iterations),
            "log_likelihood": best.log_likelihood - log_stretch,
            "converged": float(best.converged),
        }
        if best.held_out is not None:
            self._diagnostics["held_out_log_likelihood"] = best.held_out - log_stretch

    def sample(self, count: int) -> Latents:
        return self._form.latents(self._mixture.sample(count, self._form.precision))

    def log_prob(self, latents: Latents) -> Float[Tensor, " samples"]:
        return self._mixture.log_prob(self._form.vectors(latents))

    def diagnostics(self) -> Mapping[str, float]:
        """Components; iterations of EM in the last run, which goes over all latents; the mean
        log-likelihood of a training latent, and where some were held out of one of those, in nats;
        1 if EM converged.
        """
        return self._diagnostics

    def state(self) -> Mapping[str, Tensor]:
        return {**self._form.state(self._diagnostics), **self._mixture.state()}

    def restore(self, space: LatentSpace, state: Mapping[str, Tensor]) -> None:
        self._form = Form.restored(space, state)
        self._mixture = NormalMixture.from_state(state, self.covariance)
        self._diagnostics = Form.diagnostics(state)

    @property
    def _counts(self) -> tuple[int, ...]:
        return self.candidates if self.components == "bic" else (self.components,)

    def _split(self, points: Points) -> tuple[Float[Tensor, "fitted D"], Unseen | None]:
        """Split the points into those to fit to, and those held out."""
        if self.stop == "training":
            return points, None
        return set_aside(points, self.held_out)

    def _fit_each_count(
        self, points: Points, unseen: Unseen | None, widths: Widths
    ) -> list[MixtureFit]:
        """Fit a mixture for each number of components that can be fitted."""
        fits, problem = [], ValueError("there are no candidates")
        for count in self._counts:
            try:
                fits.append(self._fit_count(points, unseen, widths, count))
            except ValueError as error:
                problem = error
        if not fits:
            raise problem
        return fits

    def _fit_count(
        self, points: Points, unseen: Unseen | None, widths: Widths, count: int
    ) -> MixtureFit:
        """Choose the likeliest of several starts on some of the points, and continue with all.

        On fewer points an iteration takes less time, and most of the likelihood is gained there.
        """
        some = points[
            torch.randperm(len(points), device=points.device)[: subset_size(points, count)]
        ]
        first = self.iterations if len(some) == len(points) else _FIRST_ITERATIONS
        starts = [self._start(some, widths, count) for _ in range(self.restarts)]
        best = max([self._run(start, some, unseen, first) for start in starts], key=_likelihood)
        if len(some) < len(points):
            best = self._run(best.mixture, some, unseen, self.iterations)
            best = self._run(best.mixture, points, unseen, self.iterations)
        return best

    def _start(self, points: Points, widths: Widths, count: int) -> NormalMixture:
        """Build a Gaussian from each cluster of k-means, by the latents' own distances."""
        means, variance = k_means(widths.to(points) * points, count, LLOYD_ROUNDS)
        nearest = NormalMixture.isotropic(means, variance + self.ridge, self.covariance)
        nearest = nearest.transform(torch.zeros_like(widths), 1 / widths)
        # In isotropic views, float32 would lose directions of little variance.
        return nearest.maximise(
            nearest.compute_moments(points, torch.float64, divided=False), self.ridge
        )

    def _run(
        self, start: NormalMixture, points: Points, unseen: Unseen | None, iterations: int
    ) -> MixtureFit:
        return fit_mixture(
            start,
            points,
            ridge=self.ridge,
            iterations=iterations,
            tolerance=self.tolerance,
            held_out=unseen,
        )


def subset_size(points: Points, count: int) -> int:
    """The number of points on which starts are compared."""
    least = _LATENTS_A_PARAMETER * count * points.shape[1]
    some = max(len(points) // _SHARE, least)
    return some if 2 * some <= len(points) else len(points)


def _likelihood(fit: MixtureFit) -> float:
    return fit.log_likelihood if fit.held_out is None else fit.held_out


def _criterion(fit: MixtureFit, points: int) -> float:
    """The Bayesian information criterion, divided by the number of points."""
    return fit.mixture.parameters * math.log(points) / points - 2 * fit.log_likelihood
