"""Training latents with the noise that PMFS gives them."""

from collections.abc import Mapping
from typing import Literal, get_args

from jaxtyping import Float
from torch import Tensor

from samplebench import Continuous, DensitySampler, Form, Latents, LatentSpace
from samplebench.settings import one_of
from samplebench_density.grid_rule import BinSetting, GridRule, Range
from samplebench_density.jitter import NOISE, jitter_diagnostics
from samplebench_density.kernel_density import KernelDensity
from samplebench_density.pieces import Pieces
from samplebench_density.spread import Spread

Law = Literal["cell", "member"]


class JitteredResample(DensitySampler):
    """Draws training latents with Gaussian noise of the variance that PMFS adds: what PMFS would
    do without bins.

    ``z = z_i + ε`` with i uniform and ε_j ~ N(0, c w_j²), where w_j is the width of the cells
    that ``pmfs`` has with the same settings. A latent that lies uniformly in its cell and is
    replaced by a uniform draw there moves by c = 1/6 of w_j² in mean square, and in a box about
    itself by c = 1/12. Where every bin holds one latent, ``pmfs`` is this law but for the shape
    of the noise, so a score that ``pmfs`` does not beat here owes nothing to its bins. The law is
    a Gaussian kernel density estimate. Grids of sites are one vector.

    Args:
        bins: as those of ``pmfs``, like the next four.
        range: what the bins divide in each dimension.
        quantile: the share that the range "quantile" leaves out on either side.
        deviations: standard deviations that the range "std" reaches from the mean.
        bound: how far the range "fixed" reaches from 0, in the units of the latents.
        law: the law of ``pmfs`` that is meant: "cell", c = 1/6; "member", c = 1/12.
    """

    accepts = (Continuous,)
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
        self._rule = GridRule(bins, range, quantile, deviations, bound)
        self.bins = bins
        self.range: Range = range
        self.quantile = quantile
        self.deviations = deviations
        self.bound = bound
        self.law: Law = one_of("law", law, get_args(Law))

    def refuses(self, space: LatentSpace) -> str | None:
        return self._rule.refuses(space)

    def fit(self, latents: Latents) -> None:
        """Learn the latents and the width of the noise.

        Raises:
            ValueError: there is no latent, or they are of a space that it does not take; or the
                range has no width in a dimension in which they vary.
        """
        pieces = Pieces([latents])
        if objection := self.objection(pieces.form.space):
            raise ValueError(objection)
        vectors = pieces.whole("the noise")
        spread = Spread.of(vectors)
        widths = self._rule.grid(pieces, spread).width.double()
        self._form = pieces.form
        self._law = KernelDensity(vectors.clone(), NOISE[self.law] ** 0.5 * widths)
        self._widths, self._spread = widths, spread.deviations

    def sample(self, count: int) -> Latents:
        return self._form.latents(self._law.sample(count))

    def log_prob(self, latents: Latents) -> Float[Tensor, " samples"]:
        return self._law.log_prob(self._form.vectors(latents))

    def diagnostics(self) -> Mapping[str, float]:
        """The width of the cells in standard deviations; and how far draws are from their
        latents: the noise's variance over that of the latents. Means over the dimensions.
        """
        return jitter_diagnostics(self._widths, self._spread, self.law)

    def state(self) -> Mapping[str, Tensor]:
        found = {"widths": self._widths, "deviations": self._spread}
        return {**self._form.state(), **self._law.state(), **found}

    def restore(self, space: LatentSpace, state: Mapping[str, Tensor]) -> None:
        self._form, self._law = Form.restored(space, state), KernelDensity.restored(state)
        self._widths, self._spread = state["widths"], state["deviations"]
