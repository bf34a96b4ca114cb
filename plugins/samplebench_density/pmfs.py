"""PMFS: a histogram over the occupied cells of a grid."""

from collections.abc import Iterable, Mapping
from typing import Literal, get_args

from jaxtyping import Float
from torch import Tensor

from samplebench import DensitySampler, Form, Latents, LatentSpace
from samplebench.settings import one_of
from samplebench_density.histogram.batches import LatentBatches
from samplebench_density.histogram.binned_sampler import BinnedSampler
from samplebench_density.histogram.binning import BinSetting, Range
from samplebench_density.histogram.bins import Bins
from samplebench_density.histogram.boxes import (
    BoundingBoxes,
    Boxes,
    CellBoxes,
    DenseBoxes,
    MemberBoxes,
    Weights,
)
from samplebench_density.histogram.jitter import jitter_diagnostics

Law = Literal["cell", "member", "box"]

BOXES: Mapping[Law, type[Boxes]] = {
    "cell": CellBoxes,
    "member": MemberBoxes,
    "box": BoundingBoxes,
}


class PMFS(BinnedSampler, DensitySampler):
    """Cuts every dimension into bins, draws a cell by its count, and a point uniformly inside it.

    With latents z_1 … z_n, a range [m_j, M_j] in each dimension and w_j = (M_j − m_j) / bins_j,

        b_ij = clip(⌊(z_ij − m_j) / w_j⌋, 0, bins_j − 1),   p(b) = #{i : b_i = b} / n;
        draw b ~ p and u_j ~ U(0, 1):   z_j = m_j + (b_j + u_j) w_j.

    The cell of a uniformly chosen latent follows p exactly, so drawing needs neither a table of p
    nor a sort. Memory grows with the occupied cells plus at most 2²¹ latents, never with bins^D:
    where many latents share a cell, ``fit`` counts the members of each cell; where few do, it
    keeps the latents, and ``diagnostics`` count them on first use. A latent outside the range
    belongs to the outermost bin, so the law "cell" moves it inside. A grid of sites is one vector.

    With ``weights="uniform"`` each occupied cell is drawn as often as any other: p(b) = 1 / cells.
    What the count of a cell adds, the probability mass in the name of the method, is the
    difference between the two.

    Its density at z, for the law "cell", is p(b) / Π_j w_j in the cell b of z, over the dimensions
    that vary, and 0 in empty cells and outside of the range. Held-out latents fall into empty
    cells with a probability that is about the singleton mass, so that their mean log density is
    −∞ unless the cells are few. For the law "member" it is the probability of the boxes that hold
    z, over the volume of a cell. The law "box" has no density: many boxes are single points.

    The equations are a reconstruction. Known of the paper are bins of equal width, weights by
    count, storage of occupied cells alone and a uniform draw in the neighbourhood of a cell; not
    known are the range, the exact neighbourhood and the number of bins: hence the settings, whose
    defaults are ours. With many bins or dimensions most latents are alone in their cell, and this
    sampler becomes training latents with uniform noise; ``diagnostics`` show to what degree.

    Args:
        bins: in each dimension: one number for all, a tuple with one for each, or a rule, by
            which dimension j has ⌈(M_j − m_j) / v_j⌉ bins, at least 1 and at most 2²⁴. With s_j
            its standard deviation and Q_j its interquartile range, v_j is (24 √π / n)^(1/3) s_j
            for "scott", 2 Q_j n^(−1/3) for "freedman-diaconis", and (M_j − m_j) / (log₂ n + 1)
            for "sturges". Where v_j = 0 there is 1 bin.
        range: the range that the bins divide in each dimension: "min-max", from the minimum to the
            maximum of the latents; "quantile", which leaves out the share ``quantile`` on either
            side; "std", the mean ± ``deviations`` standard deviations; "fixed", −``bound`` to
            ``bound``.
        quantile: a share of the latents, for the range "quantile" only.
        deviations: a number of standard deviations, for the range "std" only.
        bound: in the units of the latents, for the range "fixed" only.
        law: the box in which a point is drawn uniformly: the "cell" itself; a box of a cell's
            size with a "member" in its middle, also beyond the range; or the bounding "box" of
            the cell's members, which for one member is that member.
        weights: how often a cell is drawn: by its "count" of latents, as in the paper, or
            "uniform" among the occupied ones; with the law "member" a member of it follows, each
            alike.

    Reference: Sampling From Autoencoders' Latent Space via Quantization And Probability Mass
    Function Concepts (Bouayed, Iaccovelli and Naccache, 2023), arXiv:2308.10704.
    """

    def __init__(
        self,
        bins: BinSetting = 10,
        range: Range = "min-max",
        quantile: float = 0.001,
        deviations: float = 3.0,
        bound: float = 3.0,
        law: Law = "cell",
        weights: Weights = "count",
    ) -> None:
        super().__init__(
            bins=bins, range=range, quantile=quantile, deviations=deviations, bound=bound
        )
        self.law: Law = one_of("law", law, get_args(Law))
        self.weights: Weights = one_of("weights", weights, get_args(Weights))

    def fit(self, latents: Latents) -> None:
        self.fit_batches([latents])

    def fit_batches(self, batches: Iterable[Latents]) -> None:
        """Learn from latents that come in batches, as ``fit`` does from all of them at once.

        The batches are read twice, for the range and then for the bins; where range and numbers of
        bins are fixed, once. No more of them is kept than the law needs: the occupied cells for
        "cell" and "box", every latent for "member".

        Raises:
            ValueError: there is no latent, or they are of a space that it does not take; the
                batches cannot be read twice; the rule for range or bins is by quantiles, which
                takes all latents at once; or the range has no width in a dimension in which the
                latents vary.
        """
        read = LatentBatches(batches)
        if objection := self.objection(read.form.space):
            raise ValueError(objection)
        bins, statistics, chunks = self._binning.bin_batches(read)
        boxes = BOXES[self.law].around(bins, chunks, self.weights)
        self._form, self._bins, self._boxes, self._std = read.form, bins, boxes, statistics.std

    def sample(self, count: int) -> Latents:
        return self._form.latents(self._boxes.draw_points(count))

    def no_density(self, space: LatentSpace) -> str | None:
        if issubclass(BOXES[self.law], DenseBoxes):
            return None
        return f"a box around a single latent has no volume (law={self.law!r})"

    def log_prob(self, latents: Latents) -> Float[Tensor, " samples"]:
        """Compute the log density; −∞ where it is 0.

        Raises:
            ValueError: the law has no density.
        """
        if not isinstance(self._boxes, DenseBoxes):
            raise ValueError(f"no density: {self.no_density(self._form.space)}")
        return self._boxes.log_prob(self._form.vectors(latents))

    def diagnostics(self) -> Mapping[str, float]:
        """Describe the histogram.

        ``occupied_bins`` is the number of cells with a latent. ``singleton_mass`` is the share of
        latents that are alone in their cell; it estimates the probability that a new latent falls
        into an empty one. Two means over the dimensions that vary follow: the width of a bin in
        standard deviations, and (except for the law "box") the mean squared distance of a draw
        from its latent over the variance, for latents that lie evenly in their cells.
        """
        counts = self._boxes.counts
        return {
            "occupied_bins": float(len(counts)),
            "singleton_mass": float((counts == 1).sum()) / float(counts.sum()),
            **jitter_diagnostics(widths=self._bins.width, std=self._std, law=self.law),
        }

    def state(self) -> Mapping[str, Tensor]:
        return {
            **self._form.state(),
            **self._bins.state(),
            **self._boxes.state(),
            "deviations": self._std,
        }

    def restore(self, space: LatentSpace, state: Mapping[str, Tensor]) -> None:
        self._form, self._bins = Form.restored(space, state), Bins.from_state(state)
        self._boxes = BOXES[self.law].from_state(self._bins, state, self.weights)
        self._std = state["deviations"]
