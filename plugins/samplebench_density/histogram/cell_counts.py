"""Latents counted by cell as they come, in memory linear in the distinct cells."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import torch
from jaxtyping import Float, Int64, Integer
from torch import Tensor

from samplebench_density.histogram.row_groups import RowGroups, group_rows

FIRST_CHECK = 2**20
"""The number of entries at which merging is considered for the first time."""
SAMPLE = 2**14
"""The number of entries that are compared to decide on it."""
BLOCK = 2**27
"""Bytes of cells that are joined to one block: many small tensors that are kept, between others
that are not, would leave a C library's memory full of holes."""


EntriesT = TypeVar("EntriesT", bound="Entries")


@dataclass(frozen=True, eq=False)
class Entries(ABC):
    """Cells, and the number of latents that each entry stands for; a cell may have several."""

    cells: Integer[Tensor, "entries D"]
    counts: Int64[Tensor, " entries"]

    @abstractmethod
    def merge(self: EntriesT) -> EntriesT:
        """Merge the entries of each cell into one."""

    @classmethod
    @abstractmethod
    def join(cls: type[EntriesT], pieces: Sequence[EntriesT]) -> EntriesT:
        """Concatenate the entries of all pieces."""


class CellCounts(Generic[EntriesT]):
    """Entries in a buffer, merged now and then where that saves memory.

    When the buffer has ``FIRST_CHECK`` entries, and each time that it has doubled since, its
    entries have on average some number c of companions, others with the same cell. As a cell drawn
    from the entries is rather one of the frequent, distinct cells are at least 1 / (1 + c) of the
    entries. So merging is left out where c ≤ 1, as where nearly every cell has one latent: the
    buffer is then at most twice as long as it could be. c is estimated from ``SAMPLE`` random
    entries.
    """

    def __init__(self) -> None:
        self._blocks: list[EntriesT] = []
        self._loose: list[EntriesT] = []
        self._size, self._loose_bytes, self._next_check = 0, 0, FIRST_CHECK

    def add(self, entries: EntriesT) -> None:
        self._loose.append(entries)
        self._size += len(entries.cells)
        self._loose_bytes += entries.cells.nbytes
        if self._loose_bytes >= BLOCK:
            self._join_loose()
        if self._size >= self._next_check:
            self._merge_if_it_pays()

    def entries(self) -> EntriesT:
        """All entries that were added."""
        self._join_loose()
        blocks, self._blocks = self._blocks, []
        self._blocks = [_join(blocks)]
        return self._blocks[0]

    def _join_loose(self) -> None:
        """Join the loose entries to a block."""
        if self._loose:
            loose, self._loose, self._loose_bytes = self._loose, [], 0
            self._blocks.append(_join(loose))

    def _merge_if_it_pays(self) -> None:
        pieces = [*self._blocks, *self._loose]
        sample = torch.cat([sample_cells(piece.cells, self._size) for piece in pieces])
        if estimate_companions(sample, self._size) > 1:
            self._blocks = [self.entries().merge()]
            self._size = len(self._blocks[0].cells)
        self._next_check = max(FIRST_CHECK, 2 * self._size)


def _join(pieces: Sequence[EntriesT]) -> EntriesT:
    """Concatenate the entries of all pieces; return a single piece without a copy."""
    return pieces[0] if len(pieces) == 1 else type(pieces[0]).join(pieces)


def sample_cells(cells: Integer[Tensor, "n D"], total: int) -> Integer[Tensor, "some D"]:
    """Draw the share of ``SAMPLE`` that this piece has of ``total`` entries, none of them twice.

    Draws are random because equal cells may lie anywhere.
    """
    share = max(1, len(cells) * SAMPLE // total)
    if share >= len(cells):
        return cells
    return cells[torch.unique(torch.randint(len(cells), (share,), device=cells.device))]


def estimate_companions(sample: Integer[Tensor, "some D"], total: int) -> float:
    """Estimate from a sample of ``total`` cells how many others equal a cell, on average."""
    counts = group_rows(sample).counts.double()
    among_sample = float((counts * (counts - 1)).sum()) / len(sample)
    return among_sample * (total - 1) / max(1, len(sample) - 1)


class CountedCells(Entries):
    """Cells and their counts, and nothing else."""

    @classmethod
    def once(cls, cells: Integer[Tensor, "n D"]) -> "CountedCells":
        """One entry for each latent."""
        return cls(cells, _ones(cells))

    @classmethod
    def join(cls, pieces: Sequence["CountedCells"]) -> "CountedCells":
        return cls(
            torch.cat([piece.cells for piece in pieces]),
            torch.cat([piece.counts for piece in pieces]),
        )

    def merge(self) -> "CountedCells":
        groups = group_rows(self.cells)
        return CountedCells(self.cells[_first_rows(groups)], _add_up(groups, self.counts))


@dataclass(frozen=True, eq=False)
class BoundedCells(Entries):
    """Cells, their counts, and the minimum and maximum of their latents in each dimension."""

    low: Float[Tensor, "entries D"]
    high: Float[Tensor, "entries D"]

    @classmethod
    def once(cls, cells: Integer[Tensor, "n D"], vectors: Float[Tensor, "n D"]) -> "BoundedCells":
        """One entry for each latent."""
        return cls(cells, _ones(cells), vectors, vectors)

    @classmethod
    def join(cls, pieces: Sequence["BoundedCells"]) -> "BoundedCells":
        low = torch.cat([piece.low for piece in pieces])
        # Of single latents, both are one tensor, and stay so.
        single = all(piece.low is piece.high for piece in pieces)
        return cls(
            torch.cat([piece.cells for piece in pieces]),
            torch.cat([piece.counts for piece in pieces]),
            low,
            low if single else torch.cat([piece.high for piece in pieces]),
        )

    def merge(self) -> "BoundedCells":
        groups = group_rows(self.cells)
        if len(groups.counts) == len(self.cells):
            return self
        owners = groups.owners[:, None].expand_as(self.low)
        none = self.low.new_zeros(len(groups.counts), self.low.shape[1])
        return BoundedCells(
            self.cells[_first_rows(groups)],
            _add_up(groups, self.counts),
            none.scatter_reduce(0, owners, self.low, "amin", include_self=False),
            none.scatter_reduce_(0, owners, self.high, "amax", include_self=False),
        )


def _ones(cells: Integer[Tensor, "n D"]) -> Int64[Tensor, " n"]:
    return torch.ones(len(cells), dtype=torch.int64, device=cells.device)


def _first_rows(groups: RowGroups) -> Int64[Tensor, " groups"]:
    """The first row of each group."""
    rows = torch.arange(len(groups.owners), device=groups.owners.device)
    first = torch.full_like(groups.counts, len(rows))
    return first.scatter_reduce_(0, groups.owners, rows, "amin")


def _add_up(groups: RowGroups, counts: Int64[Tensor, " n"]) -> Int64[Tensor, " groups"]:
    """Add up the counts of the rows of each group."""
    return torch.zeros_like(groups.counts).index_add_(0, groups.owners, counts)
