"""PMFS: a histogram over the occupied cells of a grid."""

from collections.abc import Mapping
from typing import Literal, get_args

import torch
from jaxtyping import Float, Integer
from torch import Tensor

from samplebench import Continuous, Latents, Sampler
from samplebench_density.bins import grouped
from samplebench_density.boxes import BoundingBoxes, Boxes, CellBoxes, MemberBoxes
from samplebench_density.deviations import deviations
from samplebench_density.form import Form
from samplebench_density.grid import Grid
from samplebench_density.settings import one_of

Range = Literal["min-max", "quantile", "std", "fixed"]
Law = Literal["cell", "member", "box"]


class PMFS(Sampler):
    """Cuts every dimension into bins, draws a bin by its count, and a point uniformly inside it.

    With latents z_1 … z_n, a range [m_j, M_j] in each dimension and w_j = (M_j − m_j) / bins,

        b_ij = clip(⌊(z_ij − m_j) / w_j⌋, 0, bins − 1),   p(b) = #{i : b_i = b} / n;
        draw b ~ p and u_j ~ U(0, 1):   z_j = m_j + (b_j + u_j) w_j.

    The bin of a uniformly drawn latent follows p exactly, so drawing needs neither a table of p
    nor a sort, and memory is linear in the latents, never bins^D. A latent outside the range
    counts in the outermost bin, so the law "cell" moves it inside. Grids of sites are one vector.

    The equations are a reconstruction. Known of the paper are bins of equal width, weights by
    count, storage of occupied bins alone and a uniform draw in the neighbourhood of a bin; not
    known are the range, the exact neighbourhood and the number of bins: hence the settings, whose
    defaults are ours. With many bins or dimensions most latents are alone in their bin, and this
    sampler becomes training latents with uniform noise; ``diagnostics`` tells how far.

    Args:
        bins: in each dimension.
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
        bins: int = 10,
        range: Range = "min-max",
        quantile: float = 0.001,
        deviations: float = 3.0,
        bound: float = 3.0,
        law: Law = "cell",
    ) -> None:
        if not 1 <= bins <= 2**24:  # float32 counts no further
            raise ValueError(f"bins must be between 1 and {2**24}, not {bins}")
        if not 0 <= quantile < 0.5:
            raise ValueError(f"quantile must be at least 0 and below 0.5, not {quantile}")
        for name, number in {"deviations": deviations, "bound": bound}.items():
            if not number > 0:
                raise ValueError(f"{name} must be positive, not {number}")
        self.bins = bins
        self.range: Range = one_of("range", range, get_args(Range))
        self.quantile = quantile
        self.deviations = deviations
        self.bound = bound
        self.law: Law = one_of("law", law, get_args(Law))

    def fit(self, latents: Latents) -> None:
        form = Form.of(latents)
        vectors = form.vectors(latents)
        grid = Grid.between(*self._limits(vectors), self.bins)
        cells = grid.cells(vectors)
        self._form, self._cells = form, cells
        self._boxes = self._boxes_about(vectors, grid, cells)
        self._widths = grid.width / deviations(vectors)

    def sample(self, count: int) -> Latents:
        rows = torch.randint(len(self._cells), (count,), device=self._form.device)
        corners = self._boxes.corners(rows)
        return self._form.latents(
            corners.addcmul_(torch.rand_like(corners), self._boxes.sides(rows))
        )

    def diagnostics(self) -> Mapping[str, float]:
        """Occupied bins; the share of latents alone in theirs; cell width over std, on average."""
        counts = grouped(self._cells).counts
        widths = self._widths[self._widths.isfinite()]  # not where nothing varies
        return {
            "occupied_bins": float(len(counts)),
            "singleton_mass": float((counts == 1).sum()) / len(self._cells),
            "cell_width": float(widths.mean()) if len(widths) else 0.0,
        }

    def _limits(self, vectors: Float[Tensor, "n D"]) -> tuple[Tensor, Tensor]:
        """The range of each dimension, (D,) and (D,)."""
        match self.range:
            case "min-max":
                return vectors.amin(0), vectors.amax(0)
            case "quantile":
                # By rank, for torch.quantile takes no more than 2²⁴ numbers.
                outside = int(self.quantile * (len(vectors) - 1))
                low, high = outside + 1, len(vectors) - outside
                return vectors.kthvalue(low, 0).values, vectors.kthvalue(high, 0).values
            case "std":
                mean, reach = vectors.mean(0), self.deviations * deviations(vectors)
                return mean - reach, mean + reach
            case "fixed":
                bound = torch.full_like(vectors[0], self.bound)
                return -bound, bound

    def _boxes_about(
        self, vectors: Float[Tensor, "n D"], grid: Grid, cells: Integer[Tensor, "n D"]
    ) -> Boxes:
        match self.law:
            case "cell":
                return CellBoxes(grid, cells)
            case "member":
                return MemberBoxes(grid, vectors.clone())
            case "box":
                return BoundingBoxes.around(vectors, cells)
