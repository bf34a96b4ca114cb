"""The boxes from which PMFS draws points; one class for each value of its setting ``law``."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float, Float64, Int64, Integer
from torch import Tensor

from samplebench_density.histogram.batches import concatenate
from samplebench_density.histogram.bins import Bins
from samplebench_density.histogram.cell_counts import BoundedCells, CellCounts, CountedCells
from samplebench_density.histogram.frequencies import Frequencies
from samplebench_density.histogram.row_groups import group_rows
from samplebench_density.vectors.chunks import Chunk, Vectors

Points = Float[Tensor, "count D"]

_PAIRS = 2**24
"""Pairs of a point and a latent that are compared at a time."""


class Boxes(ABC):
    """The occupied cells, and the box in which a point is drawn for each of their latents."""

    @classmethod
    @abstractmethod
    def around(cls, bins: Bins, chunks: Iterable[Chunk]) -> "Boxes":
        """Build the boxes around latents that come in chunks."""

    @abstractmethod
    def draw_points(self, count: int) -> Points:
        """Draw a cell in proportion to its latents, and a point uniformly in a box; repeat."""

    @property
    @abstractmethod
    def counts(self) -> Int64[Tensor, " cells"]:
        """The number of latents in each occupied cell."""

    @abstractmethod
    def state(self) -> Mapping[str, Tensor]:
        """The tensors that ``from_state`` takes besides the bins, for ``Sampler.state``."""

    @classmethod
    @abstractmethod
    def from_state(cls, bins: Bins, state: Mapping[str, Tensor]) -> "Boxes":
        """The boxes that gave ``state``."""


class DenseBoxes(Boxes):
    """Boxes that all have a volume, so that the points that are drawn have a density.

    Where no latent varies in a dimension, it is the density in the other dimensions, and 0 for a
    point that has another number there.
    """

    @abstractmethod
    def log_prob(self, points: Points) -> Float64[Tensor, " count"]:
        """Compute the log density of each point, −∞ where no box is."""


@dataclass(frozen=True, eq=False)
class CellBoxes(DenseBoxes):
    """The box of a latent is its cell. Cells may repeat."""

    bins: Bins
    cells: Integer[Tensor, "entries D"]
    frequencies: Frequencies

    @classmethod
    def around(cls, bins: Bins, chunks: Iterable[Chunk]) -> "Boxes":
        counts = CellCounts[CountedCells]()
        for chunk in chunks:
            counts.add(CountedCells.once(bins.find_cells(chunk)))
        entries = counts.entries()
        return cls(bins, entries.cells, Frequencies(entries.counts))

    def draw_points(self, count: int) -> Points:
        cells = self.cells.index_select(0, self.frequencies.draw(count))
        places = _uniform(cells, like=self.bins.low).add_(cells)
        return places.mul_(self.bins.width).add_(self.bins.low)

    def log_prob(self, points: Points) -> Float64[Tensor, " count"]:
        """Compute ``log (n_b / n) − Σ_j log w_j`` in a cell b of n_b latents."""
        wanted, entries = self.bins.find_cells(points), len(self.cells)
        groups = group_rows(torch.cat([self.cells, wanted]))
        known, asked = groups.owners[:entries], groups.owners[entries:]
        counts = torch.zeros_like(groups.counts).index_add_(0, known, self.frequencies.counts)
        shares = counts[asked].double() / float(self.frequencies.counts.sum())
        logs = shares.log() - self.bins.log_volume
        return logs.masked_fill_(~self.bins.contain(points), -torch.inf)

    @cached_property
    def counts(self) -> Int64[Tensor, " cells"]:
        return CountedCells(self.cells, self.frequencies.counts).merge().counts

    def state(self) -> Mapping[str, Tensor]:
        return {"cells": self.cells, "counts": self.frequencies.counts}

    @classmethod
    def from_state(cls, bins: Bins, state: Mapping[str, Tensor]) -> "Boxes":
        return cls(bins, state["cells"], Frequencies(state["counts"]))


@dataclass(frozen=True, eq=False)
class MemberBoxes(DenseBoxes):
    """The box of a latent has the size of a cell and the latent in its middle."""

    bins: Bins
    vectors: Vectors

    @classmethod
    def around(cls, bins: Bins, chunks: Iterable[Chunk]) -> "Boxes":
        return cls(bins, concatenate([chunk.clone() for chunk in chunks]))

    def draw_points(self, count: int) -> Points:
        rows = torch.randint(len(self.vectors), (count,), device=self.vectors.device)
        members = self.vectors.index_select(0, rows)
        return _uniform(members, like=members).sub_(0.5).mul_(self.bins.width).add_(members)

    def log_prob(self, points: Points) -> Float64[Tensor, " count"]:
        """Compute ``log (m / n) − Σ_j log w_j`` where m boxes overlap."""
        width = torch.where(self.bins.width > 0, self.bins.width, torch.inf)
        flat = self.bins.width == 0
        members = (self.vectors - self.vectors[0]) / width
        places = (points - self.vectors[0]) / width
        size = max(1, _PAIRS // len(members))
        counts = torch.cat(
            [
                (torch.cdist(some, members, p=torch.inf) <= 0.5).sum(1)
                for some in torch.split(places, size)
            ]
        )
        logs = (counts.double() / len(members)).log() - self.bins.log_volume
        elsewhere = (points != self.vectors[0])[:, flat].any(1)
        return logs.masked_fill_(elsewhere, -torch.inf)

    @cached_property
    def counts(self) -> Int64[Tensor, " cells"]:
        return group_rows(self.bins.find_cells(self.vectors)).counts

    def state(self) -> Mapping[str, Tensor]:
        return {"members": self.vectors}

    @classmethod
    def from_state(cls, bins: Bins, state: Mapping[str, Tensor]) -> "Boxes":
        return cls(bins, state["members"])


@dataclass(frozen=True, eq=False)
class BoundingBoxes(Boxes):
    """The box of a latent bounds all latents of its cell; around a single one it has no volume."""

    low: Float[Tensor, "cells D"]
    high: Float[Tensor, "cells D"]
    frequencies: Frequencies

    @classmethod
    def around(cls, bins: Bins, chunks: Iterable[Chunk]) -> "Boxes":
        counts = CellCounts[BoundedCells]()
        for chunk in chunks:
            counts.add(BoundedCells.once(bins.find_cells(chunk), chunk.clone()))
        cells = counts.entries().merge()
        return cls(cells.low, cells.high, Frequencies(cells.counts))

    def draw_points(self, count: int) -> Points:
        rows = self.frequencies.draw(count)
        low, high = self.low.index_select(0, rows), self.high.index_select(0, rows)
        return _uniform(low, like=low).mul_(high.sub_(low)).add_(low)

    @property
    def counts(self) -> Int64[Tensor, " cells"]:
        return self.frequencies.counts

    def state(self) -> Mapping[str, Tensor]:
        return {
            "box_low": self.low,
            "box_high": self.high,
            "counts": self.frequencies.counts,
        }

    @classmethod
    def from_state(cls, bins: Bins, state: Mapping[str, Tensor]) -> "Boxes":
        return cls(state["box_low"], state["box_high"], Frequencies(state["counts"]))


def _uniform(shape: Tensor, *, like: Tensor) -> Tensor:
    """Draw from U(0, 1) in the shape of one tensor, and the type and device of another."""
    return torch.rand(shape.shape, dtype=like.dtype, device=like.device)
