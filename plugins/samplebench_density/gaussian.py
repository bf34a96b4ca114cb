"""One Gaussian."""

from collections.abc import Mapping
from typing import Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor

from samplebench import Continuous, DensitySampler, Form, Latents, LatentSpace
from samplebench.settings import one_of
from samplebench_density.mixture.maximum_likelihood import singular_error, standardise
from samplebench_density.mixture.normal_mixture import NormalMixture

Covariance = Literal["full", "diagonal"]


class Gaussian(DensitySampler):
    """Draws from the Gaussian with the latents' mean and covariance.

    ``N(m, S + ridge · diag(S))`` with the estimates of maximum likelihood,
    ``m = Σ_i z_i / n`` and ``S = Σ_i (z_i − m)(z_i − m)ᵀ / n``, taken in float64. Grids of sites
    are one vector.

    Args:
        covariance: "full", or "diagonal" for dimensions that are independent.
        ridge: added to the variance of each dimension, as a share of that variance, so that fewer
            latents than dimensions suffice; of the mean variance where a dimension never varies.
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
        given = standardise(form.vectors(latents))
        isotropic = NormalMixture.isotropic(
            torch.zeros_like(given.centre)[None], given.scale.new_ones(()), self.covariance
        )
        # With one component, the first maximisation is the fit. In an isotropic view, float32
        # would lose directions of little variance.
        moments = isotropic.compute_moments(given.points, torch.float64)
        mixture = isotropic.maximise(moments, self.ridge)
        if mixture.components.factors.isnan().any():
            raise singular_error(self.ridge)
        self._form, self._mixture = form, mixture.transform(given.centre, given.scale)

    def sample(self, count: int) -> Latents:
        return self._form.latents(self._mixture.sample(count, self._form.precision))

    def log_prob(self, latents: Latents) -> Float[Tensor, " samples"]:
        return self._mixture.log_prob(self._form.vectors(latents))

    def state(self) -> Mapping[str, Tensor]:
        return {**self._form.state(), **self._mixture.state()}

    def restore(self, space: LatentSpace, state: Mapping[str, Tensor]) -> None:
        self._form = Form.restored(space, state)
        self._mixture = NormalMixture.from_state(state, self.covariance)
