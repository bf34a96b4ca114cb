"""One Gaussian."""

from typing import Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor

from samplebench import Continuous, DensitySampler, Latents
from samplebench_density.form import Form
from samplebench_density.maximum_likelihood import climb, standardised
from samplebench_density.normal_mixture import NormalMixture
from samplebench_density.settings import one_of

Covariance = Literal["full", "diagonal"]


class Gaussian(DensitySampler):
    """Draws from the Gaussian of the latents' own mean and covariance.

    ``N(m, S + ridge · tr(S) / D · I)`` with the estimates of maximum likelihood,
    ``m = Σ_i z_i / n`` and ``S = Σ_i (z_i − m)(z_i − m)ᵀ / n``, taken in float64. Grids of sites
    are one vector.

    Args:
        covariance: "full", or "diagonal" for dimensions that are independent.
        ridge: added to every variance, as a share of their mean, so that fewer latents than
            dimensions do.
    """

    accepts = (Continuous,)

    def __init__(self, covariance: Covariance = "full", ridge: float = 1e-6) -> None:
        if not ridge >= 0:
            raise ValueError(f"ridge must be at least 0, not {ridge}")
        self.covariance: Covariance = one_of("covariance", covariance, get_args(Covariance))
        self.ridge = ridge

    def fit(self, latents: Latents) -> None:
        """Learn mean and covariance.

        Raises:
            ValueError: the latents are all equal, or their covariance is singular with this ridge.
        """
        form = Form.of(latents)
        points, centre, scale = standardised(form.vectors(latents))
        # One iteration fits one component exactly, wherever it starts.
        start = NormalMixture.round(
            torch.zeros_like(centre)[None], torch.ones_like(scale), self.covariance
        )
        law = climb(start, points, ridge=self.ridge, iterations=1, tolerance=0.0).mixture
        self._form, self._law = form, law.placed(centre, scale)

    def sample(self, count: int) -> Latents:
        return self._form.latents(self._law.sample(count, self._form.precision))

    def log_prob(self, latents: Latents) -> Float[Tensor, " samples"]:
        return self._law.log_prob(self._form.vectors(latents))
