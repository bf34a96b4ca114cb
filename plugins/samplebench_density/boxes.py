"""The boxes from which a histogram sampler draws. One law a class."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float, Int64, Integer
from torch import Tensor

from samplebench_density.bins import grouped
from samplebench_density.frequencies import Frequencies
from samplebench_density.grid import Grid
from samplebench_density.pieces import Chunk, Vectors, joined
from samplebench_density.tally import Boxed, Counted, Tally

Points = Float[Tensor, "count D"]


class Boxes(ABC):
    """The occupied bins of a grid, and how a point is drawn for each of their latents."""

    @classmethod
    @abstractmethod
    def about(cls, grid: Grid, chunks: Iterable[Chunk]) -> "Boxes":
        """The boxes about latents that come in chunks."""

    @abstractmethod
    def points(self, count: int) -> Points:
        """Independent draws: a bin by its latents, and a point uniformly in a box."""

    @property
    @abstractmethod
    def counts(self) -> Int64[Tensor, " bins"]:
        """The latents in each occupied bin."""

    @abstractmethod
    def state(self) -> Mapping[str, Tensor]:
        """What ``restored`` needs beside the grid, for ``Sampler.state``."""

    @classmethod
    @abstractmethod
    def restored(cls, grid: Grid, state: Mapping[str, Tensor]) -> "Boxes":
        """The boxes of which ``state`` was taken."""


@dataclass(frozen=True, eq=False)
class CellBoxes(Boxes):
    """The cell of the grid that the latent is in. Cells may repeat."""

    grid: Grid
    cells: Integer[Tensor, "entries D"]
    frequencies: Frequencies

    @classmethod
    def about(cls, grid: Grid, chunks: Iterable[Chunk]) -> "Boxes":
        tally = Tally[Counted]()
        for chunk in chunks:
            tally.add(Counted.once(grid.cells(chunk)))
        entries = tally.entries()
        return cls(grid, entries.cells, Frequencies(entries.counts))

    def points(self, count: int) -> Points:
        cells = self.cells.index_select(0, self.frequencies.drawn(count))
        places = _uniform(cells, self.grid.low).add_(cells)
        return places.mul_(self.grid.width).add_(self.grid.low)

    @cached_property
    def counts(self) -> Int64[Tensor, " bins"]:
        return Counted(self.cells, self.frequencies.counts).grouped().counts

    def state(self) -> Mapping[str, Tensor]:
        return {"cells": self.cells, "counts": self.frequencies.counts}

    @classmethod
    def restored(cls, grid: Grid, state: Mapping[str, Tensor]) -> "Boxes":
        return cls(grid, state["cells"], Frequencies(state["counts"]))


@dataclass(frozen=True, eq=False)
class MemberBoxes(Boxes):
    """A box of a cell's size with the latent in its middle."""

    grid: Grid
    vectors: Vectors

    @classmethod
    def about(cls, grid: Grid, chunks: Iterable[Chunk]) -> "Boxes":
        return cls(grid, joined([chunk.clone() for chunk in chunks]))

    def points(self, count: int) -> Points:
        rows = torch.randint(len(self.vectors), (count,), device=self.vectors.device)
        members = self.vectors.index_select(0, rows)
        return _uniform(members, members).sub_(0.5).mul_(self.grid.width).add_(members)

    @cached_property
    def counts(self) -> Int64[Tensor, " bins"]:
        return grouped(self.grid.cells(self.vectors)).counts

    def state(self) -> Mapping[str, Tensor]:
        return {"members": self.vectors}

    @classmethod
    def restored(cls, grid: Grid, state: Mapping[str, Tensor]) -> "Boxes":
        return cls(grid, state["members"])


@dataclass(frozen=True, eq=False)
class BoundingBoxes(Boxes):
    """The smallest box about all latents of a bin: for a latent alone, the latent itself."""

    low: Float[Tensor, "bins D"]
    high: Float[Tensor, "bins D"]
    frequencies: Frequencies

    @classmethod
    def about(cls, grid: Grid, chunks: Iterable[Chunk]) -> "Boxes":
        tally = Tally[Boxed]()
        for chunk in chunks:
            tally.add(Boxed.once(grid.cells(chunk), chunk.clone()))
        bins = tally.entries().grouped()
        return cls(bins.low, bins.high, Frequencies(bins.counts))

    def points(self, count: int) -> Points:
        rows = self.frequencies.drawn(count)
        low, high = self.low.index_select(0, rows), self.high.index_select(0, rows)
        return _uniform(low, low).mul_(high.sub_(low)).add_(low)

    @property
    def counts(self) -> Int64[Tensor, " bins"]:
        return self.frequencies.counts

    def state(self) -> Mapping[str, Tensor]:
        return {
            "box_low": self.low,
            "box_high": self.high,
            "counts": self.frequencies.counts,
        }

    @classmethod
    def restored(cls, grid: Grid, state: Mapping[str, Tensor]) -> "Boxes":
        return cls(state["box_low"], state["box_high"], Frequencies(state["counts"]))


def _uniform(shape: Tensor, kind: Tensor) -> Tensor:
    """Numbers from U(0, 1), of the shape of one tensor, and the type and device of another."""
    return torch.rand(shape.shape, dtype=kind.dtype, device=kind.device)
