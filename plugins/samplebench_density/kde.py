"""A Gaussian kernel density estimate."""

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor

from samplebench import Continuous, DensitySampler, Form, Latents, LatentSpace
from samplebench_density.kernels.kernel_density import KernelDensity
from samplebench_density.kernels.leave_one_out import find_bandwidth
from samplebench_density.vectors.chunks import Vectors
from samplebench_density.vectors.statistics import PerDimension, Statistics


class KDE(DensitySampler):
    """Draws training latents with Gaussian noise, whose width maximises the likelihood of left-out
    latents.

    ``p(z) = Σ_i Π_j N(z_j; z_ij, h² s_j²) / n`` with s_j the standard deviation of dimension j.
    By default h maximises the mean log density of training latents, each left out together with
    its copies: all that are within 10⁻⁵ s_j of it, root mean square over the dimensions. So
    repeated latents do not drive h to 0; and none below 10⁻³ is chosen. Should there be several
    maxima, it is the one to which a search from Scott's rule leads. Where a dimension never
    varies, draws have its number, and the density is that of the other dimensions, 0 for a latent
    that has another number there. Grids of sites are one vector.

    Args:
        bandwidth: h, in standard deviations of each dimension; ``None`` maximises that likelihood.
        queries: the number of random training latents that choose h, at most; each is compared
            with all.

    Reference: On the choice of smoothing parameters for Parzen estimators of probability density
    functions (Duin, 1976), doi:10.1109/TC.1976.1674577.
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
        std = Statistics.of(vectors).std
        if not std.any():
            raise ValueError(f"all {len(vectors)} latents are equal, and no density fits a point")
        self._form, self._diagnostics = form, self._choose_bandwidth(vectors, std)
        self._density = KernelDensity(vectors.clone(), self._diagnostics[0] * std)

    def sample(self, count: int) -> Latents:
        return self._form.latents(self._density.sample(count))

    def log_prob(self, latents: Latents) -> Float[Tensor, " samples"]:
        return self._density.log_prob(self._form.vectors(latents))

    def diagnostics(self) -> Mapping[str, float]:
        """The bandwidth, in standard deviations; and where it was chosen, the mean log density of
        the latents that chose it, each left out, in nats.
        """
        names = ("bandwidth", "left_out_log_likelihood")
        return dict(zip(names, self._diagnostics.tolist(), strict=False))

    def state(self) -> Mapping[str, Tensor]:
        return {**self._form.state(), **self._density.state(), "found": self._diagnostics}

    def restore(self, space: LatentSpace, state: Mapping[str, Tensor]) -> None:
        self._form, self._density = Form.restored(space, state), KernelDensity.from_state(state)
        self._diagnostics = state["found"]

    def _choose_bandwidth(self, vectors: Vectors, std: PerDimension) -> Float[Tensor, " found"]:
        """Choose the bandwidth unless it is given; return what ``diagnostics`` reports."""
        if self.bandwidth is not None:
            return std.new_tensor([self.bandwidth])
        unit = KernelDensity(vectors, std)
        some = torch.randperm(len(vectors), device=vectors.device)[: self.queries]
        varying = int((std > 0).sum())
        scott = len(vectors) ** (-1 / (varying + 4))
        best = find_bandwidth(unit, unit.scale(vectors[some]), scott)
        # Each dimension, stretched by its std, lowers the density.
        log_stretch = float(std[std > 0].log().sum())
        return std.new_tensor([best.size, best.log_likelihood - log_stretch])
