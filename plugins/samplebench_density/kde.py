"""A Gaussian kernel density estimate."""

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor

from samplebench import Continuous, DensitySampler, Form, Latents, LatentSpace
from samplebench_density.kernel_density import KernelDensity
from samplebench_density.leave_one_out import likeliest
from samplebench_density.pieces import Vectors
from samplebench_density.spread import Dimensions, Spread


class KDE(DensitySampler):
    """Draws training latents with Gaussian noise, of the width that makes left-out latents
    likeliest.

    ``p(z) = Σ_i Π_j N(z_j; z_ij, h² s_j²) / n`` with s_j the standard deviation of dimension j.
    By default h is where the mean log density of training latents is highest, each left out
    together with its copies: all that are within 10⁻⁵ s_j of it, root mean square over the
    dimensions. Should there be several such maxima, it is the one to which a search from Scott's
    rule leads. So
    repeated latents do not drive h to 0; and none below 10⁻³ is chosen. Where a dimension never
    varies, draws have its number, and the density is that of the other dimensions, 0 for a latent
    that has another number there. Grids of sites are one vector.

    Args:
        bandwidth: h, in standard deviations of each dimension; ``None`` chooses it as said.
        queries: at most so many random training latents choose h, each compared with all.

    Reference: On the choice of smoothing parameters for Parzen estimators of probability density
    functions (Duin, 1976), IEEE Transactions on Computers C-25.
    """

    accepts = (Continuous,)

    def __init__(self, bandwidth: float | None = None, queries: int = 2048) -> None:
        if bandwidth is not None and not 0 < bandwidth < float("inf"):
            raise ValueError(f"bandwidth must be positive, or None to choose it, not {bandwidth}")
        if queries < 1:
            raise ValueError(f"queries must be at least 1, not {queries}")
        self.bandwidth = bandwidth
        self.queries = queries

    def fit(self, latents: Latents) -> None:
        """Keep the latents, and choose a bandwidth unless one is given.

        Raises:
            ValueError: the latents are all equal.
        """
        form = Form.of(latents)
        vectors = form.vectors(latents)
        deviations = Spread.of(vectors).deviations
        if not deviations.any():
            raise ValueError(f"all {len(vectors)} latents are equal, and no density fits a point")
        found = self._found_for(vectors, deviations)
        self._form, self._found = form, found
        self._law = KernelDensity(vectors.clone(), found[0] * deviations)

    def sample(self, count: int) -> Latents:
        return self._form.latents(self._law.sample(count))

    def log_prob(self, latents: Latents) -> Float[Tensor, " samples"]:
        return self._law.log_prob(self._form.vectors(latents))

    def diagnostics(self) -> Mapping[str, float]:
        """The bandwidth, in standard deviations; and where it was chosen, the mean log density of
        the latents that chose it, each left out, in nats.
        """
        names = ("bandwidth", "left_out_log_likelihood")
        return dict(zip(names, self._found.tolist(), strict=False))

    def state(self) -> Mapping[str, Tensor]:
        return {**self._form.state(), **self._law.state(), "found": self._found}

    def restore(self, space: LatentSpace, state: Mapping[str, Tensor]) -> None:
        self._form, self._law = Form.restored(space, state), KernelDensity.restored(state)
        self._found = state["found"]

    def _found_for(self, vectors: Vectors, deviations: Dimensions) -> Float[Tensor, " found"]:
        """The numbers that ``diagnostics`` names."""
        if self.bandwidth is not None:
            return deviations.new_tensor([self.bandwidth])
        unit = KernelDensity(vectors, deviations)
        some = torch.randperm(len(vectors), device=vectors.device)[: self.queries]
        varying = int((deviations > 0).sum())
        scott = len(vectors) ** (-1 / (varying + 4))
        best = likeliest(unit, unit.scaled(vectors[some]), scott)
        # Each dimension, stretched by its deviation, thins the density.
        thinner = float(deviations[deviations > 0].log().sum())
        return deviations.new_tensor([best.size, best.log_likelihood - thinner])
