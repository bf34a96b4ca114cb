"""Training latents with the noise that PMFS gives them."""

from collections.abc import Mapping
from typing import Literal, get_args

from jaxtyping import Float
from torch import Tensor

from samplebench import DensitySampler, Form, Latents, LatentSpace
from samplebench.settings import one_of
from samplebench_density.histogram.batches import LatentBatches
from samplebench_density.histogram.binned_sampler import BinnedSampler
from samplebench_density.histogram.binning import BinSetting, Range
from samplebench_density.histogram.jitter import NOISE, jitter_diagnostics
from samplebench_density.kernels.kernel_density import KernelDensity
from samplebench_density.vectors.statistics import Statistics

Law = Literal["cell", "member"]


class JitteredResample(BinnedSampler, DensitySampler):
    """Draws training latents with Gaussian noise of the variance that PMFS adds: PMFS without its
    bins.

    ``z = z_i + ε`` with i uniform and ε_j ~ N(0, c w_j²), where w_j is the width of the bins
    that ``pmfs`` has with the same settings. A latent that lies uniformly in its cell and is
    replaced by a uniform draw there moves by c = 1/6 of w_j² in mean square, and in a box about
    itself by c = 1/12. Where every cell holds one latent, ``pmfs`` draws from this distribution
    but for the shape of the noise, so a score that ``pmfs`` does not beat here owes nothing to its
    bins. The distribution is a Gaussian kernel density estimate. Grids of sites are one vector.

    Args:
        bins: as for ``pmfs``, like the next four settings.
        range: the range that the bins divide in each dimension.
        quantile: the share that the range "quantile" leaves out on either side.
        deviations: standard deviations that the range "std" reaches from the mean.
        bound: the distance that the range "fixed" reaches from 0, in the units of the latents.
        law: the law of ``pmfs`` whose noise is taken: "cell", c = 1/6; "member", c = 1/12.
    """

    control = True

    def __init__(
        self,
        bins: BinSetting = 10,
        range: Range = "min-max",
        quantile: float = 0.001,
        deviations: float = 3.0,
        bound: float = 3.0,
        law: Law = "cell",
    ) -> None:
        super().__init__(
            bins=bins, range=range, quantile=quantile, deviations=deviations, bound=bound
        )
        self.law: Law = one_of("law", law, get_args(Law))

    def fit(self, latents: Latents) -> None:
        """Learn the latents and the width of the noise.

        Raises:
            ValueError: there is no latent, or they are of a space that it does not take; or the
                range has no width in a dimension in which they vary.
        """
        read = LatentBatches([latents])
        if objection := self.objection(read.form.space):
            raise ValueError(objection)
        vectors = read.form.vectors(latents)
        statistics = Statistics.of(vectors)
        widths = self._binning.find_bins(read, statistics).width.double()
        self._form = read.form
        self._density = KernelDensity(vectors.clone(), NOISE[self.law] ** 0.5 * widths)
        self._widths, self._std = widths, statistics.std

    def sample(self, count: int) -> Latents:
        return self._form.latents(self._density.sample(count))

    def log_prob(self, latents: Latents) -> Float[Tensor, " samples"]:
        return self._density.log_prob(self._form.vectors(latents))

    def diagnostics(self) -> Mapping[str, float]:
        """The width of the bins in standard deviations; and the distance of draws from their
        latents: the noise's variance over that of the latents. Means over the dimensions.
        """
        return jitter_diagnostics(widths=self._widths, std=self._std, law=self.law)

    def state(self) -> Mapping[str, Tensor]:
        own = {"widths": self._widths, "deviations": self._std}
        return {**self._form.state(), **self._density.state(), **own}

    def restore(self, space: LatentSpace, state: Mapping[str, Tensor]) -> None:
        self._form, self._density = Form.restored(space, state), KernelDensity.from_state(state)
        self._widths, self._std = state["widths"], state["deviations"]
