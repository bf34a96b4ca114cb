"""PMFS: a histogram over the occupied cells of a grid."""

from collections.abc import Iterable, Mapping
from typing import Literal, get_args

from torch import Tensor

from samplebench import Continuous, Form, Latents, LatentSpace, Sampler
from samplebench.settings import one_of
from samplebench_density.boxes import BoundingBoxes, Boxes, CellBoxes, MemberBoxes
from samplebench_density.grid import Grid
from samplebench_density.grid_rule import BinSetting, GridRule, Range
from samplebench_density.jitter import jitter_diagnostics
from samplebench_density.pieces import Pieces
from samplebench_density.spread import Spread

Law = Literal["cell", "member", "box"]

BOXES: Mapping[Law, type[Boxes]] = {
    "cell": CellBoxes,
    "member": MemberBoxes,
    "box": BoundingBoxes,
}


class PMFS(Sampler):
    """Cuts every dimension into bins, draws a bin by its count, and a point uniformly inside it.

    With latents z_1 … z_n, a range [m_j, M_j] in each dimension and w_j = (M_j − m_j) / bins_j,

        b_ij = clip(⌊(z_ij − m_j) / w_j⌋, 0, bins_j − 1),   p(b) = #{i : b_i = b} / n;
        draw b ~ p and u_j ~ U(0, 1):   z_j = m_j + (b_j + u_j) w_j.

    The bin of a uniformly drawn latent follows p exactly, so drawing needs neither a table of p
    nor a sort. Bins are counted while fitting where many latents share theirs, which saves memory:
    it is linear in the occupied bins and at most 2²¹ latents, never bins^D. Else they are counted
    when ``diagnostics`` are first asked for. A latent outside the range counts in the
    outermost bin, so the law "cell" moves it inside. Grids of sites are one vector.

    It states no density: held-out latents fall into empty bins, where the density is 0, with a
    probability that is about the singleton mass. ``kde`` and ``jittered-resample`` have one.

    The equations are a reconstruction. Known of the paper are bins of equal width, weights by
    count, storage of occupied bins alone and a uniform draw in the neighbourhood of a bin; not
    known are the range, the exact neighbourhood and the number of bins: hence the settings, whose
    defaults are ours. With many bins or dimensions most latents are alone in their bin, and this
    sampler becomes training latents with uniform noise; ``diagnostics`` tells how far.

    Args:
        bins: in each dimension: one number for all, a tuple with one for each, or a rule, by
            which dimension j has ⌈(M_j − m_j) / v_j⌉ bins, at least 1 and at most 2²⁴. With s_j
            its standard deviation and Q_j its interquartile range, v_j is (24 √π / n)^(1/3) s_j
            for "scott", 2 Q_j n^(−1/3) for "freedman-diaconis", and (M_j − m_j) / (log₂ n + 1)
            for "sturges". Where v_j = 0 there is 1 bin.
        range: what the bins divide in each dimension: "min-max", from the least to the greatest
            latent; "quantile", leaving out the share ``quantile`` on either side; "std", the mean
            ± ``deviations`` standard deviations; "fixed", −``bound`` to ``bound``.
        quantile: a share of the latents; for that range only, as the next two are for theirs.
        deviations: a number of standard deviations.
        bound: in the units of the latents.
        law: where a point is drawn: uniformly in the "cell" of the grid; in a box of a cell's
            size with a "member" in its middle, also beyond the range; in the bounding "box" of
            the bin's members, which for one member is that member.

    Reference: Sampling From Autoencoders' Latent Space via Quantization And Probability Mass
    Function Concepts (Bouayed, Iaccovelli and Naccache, 2023), arXiv:2308.10704.
    """

    accepts = (Continuous,)

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
        self.fit_batches([latents])

    def fit_batches(self, batches: Iterable[Latents]) -> None:
        """Learn from latents that come in batches, as ``fit`` does from all of them at once.

        The batches are gone through twice, for the range and then for the bins; where range and
        numbers of bins are fixed, once. No more of them is kept than the law needs: the occupied
        bins for "cell" and "box", every latent for "member".

        Raises:
            ValueError: there is no latent, or they are of a space that it does not take; the
                batches cannot be gone through again; the rule for range or bins is by quantiles,
                which takes all latents at once; or the range has no width in a dimension in which
                the latents vary.
        """
        pieces, spread = Pieces(batches), Spread()
        if objection := self.objection(pieces.form.space):
            raise ValueError(objection)
        self._rule.require_passes(pieces)
        if self._rule.looks_first:
            for _ in spread.watching(pieces.chunks()):
                pass
            chunks = pieces.blocks()
        else:
            chunks = spread.watching(pieces.chunks())
        grid = self._rule.grid(pieces, spread)
        boxes = BOXES[self.law].about(grid, chunks)
        self._form, self._grid, self._boxes = pieces.form, grid, boxes
        self._spread = spread.deviations

    def sample(self, count: int) -> Latents:
        return self._form.latents(self._boxes.points(count))

    def diagnostics(self) -> Mapping[str, float]:
        """Occupied bins; the share of latents alone in theirs, which estimates how likely a new
        latent falls into an empty bin; the width of a cell, in standard deviations; and but for
        the law "box", how far a point is from its latent: mean square over variance, if latents
        lie evenly in their cells. Those two are means over the dimensions that vary.
        """
        counts = self._boxes.counts
        return {
            "occupied_bins": float(len(counts)),
            "singleton_mass": float((counts == 1).sum()) / float(counts.sum()),
            **jitter_diagnostics(self._grid.width, self._spread, self.law),
        }

    def state(self) -> Mapping[str, Tensor]:
        return {
            **self._form.state(),
            **self._grid.state(),
            **self._boxes.state(),
            "deviations": self._spread,
        }

    def restore(self, space: LatentSpace, state: Mapping[str, Tensor]) -> None:
        self._form, self._grid = Form.restored(space, state), Grid.restored(state)
        self._boxes = BOXES[self.law].restored(self._grid, state)
        self._spread = state["deviations"]
