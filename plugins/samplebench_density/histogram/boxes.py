"""The boxes from which PMFS draws points; one class for each value of its setting ``law``."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import torch
from jaxtyping import Bool, Float, Float64, Int64
from torch import Tensor

from samplebench_density.histogram.batches import concatenate
from samplebench_density.histogram.bins import Bins
from samplebench_density.histogram.cell_counts import BoundedCells, CellCounts, CountedCells
from samplebench_density.histogram.frequencies import Frequencies
from samplebench_density.histogram.row_groups import group_rows
from samplebench_density.histogram.strata import Strata
from samplebench_density.vectors.chunks import Chunk, Vectors

Points = Float[Tensor, "count D"]

Weights = Literal["count", "uniform"]
"""How often a cell is drawn: in proportion to its latents, or as any other that has some."""

_PAIRS = 2**24
"""Pairs of a point and a latent that are compared at a time."""


class Boxes(ABC):
    """The occupied cells, and the box in which a point is drawn for each of their latents."""

    @classmethod
    @abstractmethod
    def around(cls, bins: Bins, chunks: Iterable[Chunk], weights: Weights) -> "Boxes":
        """Build the boxes around latents that come in chunks."""

    @abstractmethod
    def draw_points(self, count: int) -> Points:
        """Draw a cell by the weights, and a point uniformly in a box of it; repeat."""

    @property
    @abstractmethod
    def counts(self) -> Int64[Tensor, " cells"]:
        """The number of latents in each occupied cell."""

    @abstractmethod
    def state(self) -> Mapping[str, Tensor]:
        """The tensors that ``from_state`` takes besides the bins, for ``Sampler.state``."""

    @classmethod
    @abstractmethod
    def from_state(cls, bins: Bins, state: Mapping[str, Tensor], weights: Weights) -> "Boxes":
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
    """The box of a latent is its cell. Where they are weighted by count, cells may repeat."""

    bins: Bins
    entries: CountedCells
    frequencies: Frequencies

    @classmethod
    def around(cls, bins: Bins, chunks: Iterable[Chunk], weights: Weights) -> "Boxes":
        counts = CellCounts[CountedCells]()
        for chunk in chunks:
            counts.add(CountedCells.once(bins.find_cells(chunk)))
        entries = counts.entries()
        if weights == "uniform":
            entries = entries.merge()
        return cls(bins, entries, _weigh(entries.counts, weights))

    def draw_points(self, count: int) -> Points:
        cells = self.entries.cells.index_select(0, self.frequencies.draw(count))
        places = _uniform(cells, like=self.bins.low).add_(cells)
        return places.mul_(self.bins.width).add_(self.bins.low)

    def log_prob(self, points: Points) -> Float64[Tensor, " count"]:
        """Compute ``log p(b) − Σ_j log w_j`` in a cell b that is drawn with probability p(b)."""
        wanted, entries = self.bins.find_cells(points), len(self.entries.cells)
        groups = group_rows(torch.cat([self.entries.cells, wanted]))
        known, asked = groups.owners[:entries], groups.owners[entries:]
        counts = torch.zeros_like(groups.counts).index_add_(0, known, self.frequencies.counts)
        shares = counts[asked].double() / float(self.frequencies.counts.sum())
        logs = shares.log() - self.bins.log_volume
        return logs.masked_fill_(~self.bins.contain(points), -torch.inf)

    @cached_property
    def counts(self) -> Int64[Tensor, " cells"]:
        return self.entries.merge().counts

    def state(self) -> Mapping[str, Tensor]:
        return {"cells": self.entries.cells, "counts": self.entries.counts}

    @classmethod
    def from_state(cls, bins: Bins, state: Mapping[str, Tensor], weights: Weights) -> "Boxes":
        entries = CountedCells(state["cells"], state["counts"])
        return cls(bins, entries, _weigh(entries.counts, weights))


@dataclass(frozen=True, eq=False)
class MemberBoxes(DenseBoxes):
    """The box of a latent has the size of a cell and the latent in its middle."""

    bins: Bins
    vectors: Vectors
    weights: Weights

    @classmethod
    def around(cls, bins: Bins, chunks: Iterable[Chunk], weights: Weights) -> "Boxes":
        return cls(bins, concatenate([chunk.clone() for chunk in chunks]), weights)

    def draw_points(self, count: int) -> Points:
        if self.weights == "uniform":
            rows = self._strata.draw(count)
        else:
            rows = torch.randint(len(self.vectors), (count,), device=self.vectors.device)
        members = self.vectors.index_select(0, rows)
        return _uniform(members, like=members).sub_(0.5).mul_(self.bins.width).add_(members)

    def log_prob(self, points: Points) -> Float64[Tensor, " count"]:
        """Compute ``log Σ_i p_i − Σ_j log w_j`` over the boxes i that hold a point, where p_i is
        the probability with which a box is drawn: 1 / n by count.
        """
        width = torch.where(self.bins.width > 0, self.bins.width, torch.inf)
        flat = self.bins.width == 0
        members = (self.vectors - self.vectors[0]) / width
        places = (points - self.vectors[0]) / width
        size = max(1, _PAIRS // len(members))
        shares = torch.cat(
            [
                self._add_up(torch.cdist(some, members, p=torch.inf) <= 0.5)
                for some in torch.split(places, size)
            ]
        )
        logs = shares.log() - self.bins.log_volume
        elsewhere = (points != self.vectors[0])[:, flat].any(1)
        return logs.masked_fill_(elsewhere, -torch.inf)

    def _add_up(self, inside: Bool[Tensor, "some n"]) -> Float64[Tensor, " some"]:
        """Add up the probabilities of the boxes that hold each point."""
        if self.weights == "uniform":
            return inside.double() @ self._strata.shares
        return inside.sum(1).double() / inside.shape[1]

    @cached_property
    def _strata(self) -> Strata:
        """The latents of each cell."""
        groups = group_rows(self.bins.find_cells(self.vectors))
        return Strata(groups.owners, groups.counts)

    @property
    def counts(self) -> Int64[Tensor, " cells"]:
        return self._strata.counts

    def state(self) -> Mapping[str, Tensor]:
        return {"members": self.vectors}

    @classmethod
    def from_state(cls, bins: Bins, state: Mapping[str, Tensor], weights: Weights) -> "Boxes":
        return cls(bins, state["members"], weights)


@dataclass(frozen=True, eq=False)
class BoundingBoxes(Boxes):
    """The box of a latent bounds all latents of its cell; around a single one it has no volume."""

    low: Float[Tensor, "cells D"]
    high: Float[Tensor, "cells D"]
    members: Int64[Tensor, " cells"]
    frequencies: Frequencies

    @classmethod
    def around(cls, bins: Bins, chunks: Iterable[Chunk], weights: Weights) -> "Boxes":
        counts = CellCounts[BoundedCells]()
        for chunk in chunks:
            counts.add(BoundedCells.once(bins.find_cells(chunk), chunk.clone()))
        cells = counts.entries().merge()
        return cls(cells.low, cells.high, cells.counts, _weigh(cells.counts, weights))

    def draw_points(self, count: int) -> Points:
        rows = self.frequencies.draw(count)
        low, high = self.low.index_select(0, rows), self.high.index_select(0, rows)
        return _uniform(low, like=low).mul_(high.sub_(low)).add_(low)

    @property
    def counts(self) -> Int64[Tensor, " cells"]:
        return self.members

    def state(self) -> Mapping[str, Tensor]:
        return {"box_low": self.low, "box_high": self.high, "counts": self.members}

    @classmethod
    def from_state(cls, bins: Bins, state: Mapping[str, Tensor], weights: Weights) -> "Boxes":
        counts = state["counts"]
        return cls(state["box_low"], state["box_high"], counts, _weigh(counts, weights))


def _weigh(counts: Int64[Tensor, " cells"], weights: Weights) -> Frequencies:
    """The frequencies by which cells of these counts are drawn."""
    return Frequencies(counts if weights == "count" else torch.ones_like(counts))


def _uniform(shape: Tensor, *, like: Tensor) -> Tensor:
    """Draw from U(0, 1) in the shape of one tensor, and the type and device of another."""
    return torch.rand(shape.shape, dtype=like.dtype, device=like.device)
