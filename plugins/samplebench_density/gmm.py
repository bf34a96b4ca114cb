"""A mixture of Gaussians."""

from collections.abc import Mapping
from typing import get_args

from jaxtyping import Float
from torch import Tensor

from samplebench import Continuous, DensitySampler, Latents
from samplebench_density.components import Points
from samplebench_density.form import Form
from samplebench_density.kmeans import centres
from samplebench_density.maximum_likelihood import Climb, climb, standardised
from samplebench_density.normal_mixture import Covariance, NormalMixture
from samplebench_density.settings import one_of

LLOYD_ROUNDS = 30
"""More gained no likelihood on latents of MNIST."""


class GaussianMixture(DensitySampler):
    """Draws from a mixture of Gaussians fitted by expectation-maximisation (EM).

    ``p(z) = Σ_k π_k N(z; μ_k, Σ_k)``, climbing ``Σ_i log p(z_i) / n`` from centres found by
    k-means, all with the same round covariance. Grids of sites are one vector. Settings mean what
    they do in scikit-learn, but for ``ridge``, which follows the scale of the latents. A component
    that loses all its latents keeps weight 0.

    Args:
        components: how many.
        covariance: "full"; "diagonal", with independent dimensions; "tied", one for all, full.
        iterations: at most so many of EM.
        tolerance: EM has converged when an iteration changes the mean log-likelihood of a latent
            by less, in nats.
        restarts: starts that are tried; the likeliest fit is kept.
        ridge: added to every variance, as a share of the latents' mean variance.

    Reference: Maximum likelihood from incomplete data via the EM algorithm (Dempster, Laird and
    Rubin, 1977), Journal of the Royal Statistical Society B 39.
    """

    accepts = (Continuous,)

    def __init__(
        self,
        components: int = 10,
        covariance: Covariance = "full",
        iterations: int = 500,
        tolerance: float = 1e-3,
        restarts: int = 1,
        ridge: float = 1e-6,
    ) -> None:
        counts = {"components": components, "iterations": iterations, "restarts": restarts}
        for name, count in counts.items():
            if count < 1:
                raise ValueError(f"{name} must be at least 1, not {count}")
        for name, number in {"tolerance": tolerance, "ridge": ridge}.items():
            if not number >= 0:
                raise ValueError(f"{name} must be at least 0, not {number}")
        self.components = components
        self.covariance: Covariance = one_of("covariance", covariance, get_args(Covariance))
        self.iterations = iterations
        self.tolerance = tolerance
        self.restarts = restarts
        self.ridge = ridge

    def fit(self, latents: Latents) -> None:
        """Learn the mixture.

        Raises:
            ValueError: there are fewer distinct latents than components, or a covariance is
                singular with this ridge.
        """
        form = Form.of(latents)
        points, centre, scale = standardised(form.vectors(latents))
        climbs = [self._climb(points) for _ in range(self.restarts)]
        best = max(climbs, key=lambda tried: tried.log_likelihood)
        self._form, self._law = form, best.mixture.placed(centre, scale)
        self._found = {
            "iterations": float(best.iterations),
            # D dimensions, each stretched by the scale, thin the density.
            "log_likelihood": best.log_likelihood - form.dimensions * float(scale.log()),
            "converged": float(best.converged),
        }

    def sample(self, count: int) -> Latents:
        return self._form.latents(self._law.sample(count, self._form.precision))

    def log_prob(self, latents: Latents) -> Float[Tensor, " samples"]:
        return self._law.log_prob(self._form.vectors(latents))

    def diagnostics(self) -> Mapping[str, float]:
        """Iterations of EM; a training latent's mean log-likelihood in nats; 1 if EM converged."""
        return self._found

    def _climb(self, points: Points) -> Climb:
        means, variance = centres(points, self.components, LLOYD_ROUNDS)
        return climb(
            NormalMixture.round(means, variance + self.ridge, self.covariance),
            points,
            ridge=self.ridge,
            iterations=self.iterations,
            tolerance=self.tolerance,
        )
