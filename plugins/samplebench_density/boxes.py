"""The boxes about training latents from which a histogram sampler draws. One law a class."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64, Integer
from torch import Tensor

from samplebench_density.bins import grouped
from samplebench_density.grid import Grid

Rows = Int64[Tensor, " count"]
Corners = Float[Tensor, "count D"]
Sides = Float[Tensor, "*count D"]
"""(D,) where all boxes have one size."""


class Boxes(ABC):
    """One box for each training latent, found by its row."""

    @abstractmethod
    def corners(self, rows: Rows) -> Corners:
        """The lowest corners of their boxes."""

    @abstractmethod
    def sides(self, rows: Rows) -> Sides:
        """The lengths of the sides."""


@dataclass(frozen=True, eq=False)
class CellBoxes(Boxes):
    """The cell of the grid that the latent is in."""

    grid: Grid
    cells: Integer[Tensor, "n D"]

    def corners(self, rows: Rows) -> Corners:
        steps = self.cells[rows].to(self.grid.low)
        return torch.addcmul(self.grid.low, steps, self.grid.width)

    def sides(self, rows: Rows) -> Sides:
        return self.grid.width


@dataclass(frozen=True, eq=False)
class MemberBoxes(Boxes):
    """A box of a cell's size with the latent in its middle."""

    grid: Grid
    vectors: Float[Tensor, "n D"]

    def corners(self, rows: Rows) -> Corners:
        return self.vectors[rows] - self.grid.width / 2

    def sides(self, rows: Rows) -> Sides:
        return self.grid.width


@dataclass(frozen=True, eq=False)
class BoundingBoxes(Boxes):
    """The smallest box about all latents of a bin: for a latent alone, the latent itself."""

    owners: Int64[Tensor, " n"]
    low: Float[Tensor, "bins D"]
    high: Float[Tensor, "bins D"]

    @classmethod
    def around(cls, vectors: Float[Tensor, "n D"], cells: Integer[Tensor, "n D"]) -> "Boxes":
        """Boxes about the latents that share a cell."""
        bins = grouped(cells)
        owners = bins.owners[:, None].expand_as(vectors)
        none = vectors.new_zeros(len(bins.counts), vectors.shape[1])
        return cls(
            bins.owners,
            none.scatter_reduce(0, owners, vectors, "amin", include_self=False),
            none.scatter_reduce(0, owners, vectors, "amax", include_self=False),
        )

    def corners(self, rows: Rows) -> Corners:
        return self.low[self.owners[rows]]

    def sides(self, rows: Rows) -> Sides:
        owners = self.owners[rows]
        return self.high[owners] - self.low[owners]
