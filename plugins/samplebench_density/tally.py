"""Rows counted as they come, in memory linear in the distinct ones."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import torch
from jaxtyping import Float, Int64, Integer
from torch import Tensor

from samplebench_density.bins import Bins, grouped

FIRST_LOOK = 2**20
"""Entries from which on it is asked whether grouping pays."""
SAMPLE = 2**14
"""Entries that are compared for that."""
BLOCK = 2**27
"""Bytes of cells that are joined to one block: many small tensors that are kept, between others
that are not, would leave a C library's memory full of holes."""


Kind = TypeVar("Kind", bound="Entries")


@dataclass(frozen=True, eq=False)
class Entries(ABC):
    """Cells of a grid, and how many latents each entry stands for; a cell may have several."""

    cells: Integer[Tensor, "entries D"]
    counts: Int64[Tensor, " entries"]

    @abstractmethod
    def grouped(self: Kind) -> Kind:
        """The same with one entry a cell."""

    @classmethod
    @abstractmethod
    def joined(cls: type[Kind], pieces: Sequence[Kind]) -> Kind:
        """The entries of all pieces."""


class Tally(Generic[Kind]):
    """Entries in a buffer, grouped now and then where that saves memory.

    When the buffer has ``FIRST_LOOK`` entries, and each time that it has doubled since, its
    entries have on average some number c of companions, others with the same row. As a row drawn
    from the entries is rather one of the frequent, distinct rows are at least 1 / (1 + c) of the
    entries. So grouping is left out where c ≤ 1, as where nearly every row is alone: the buffer
    is then at most twice as long as it could be. c is estimated from ``SAMPLE`` random entries.
    """

    def __init__(self) -> None:
        self._blocks: list[Kind] = []
        self._loose: list[Kind] = []
        self._size, self._loose_bytes, self._next_look = 0, 0, FIRST_LOOK

    def add(self, entries: Kind) -> None:
        self._loose.append(entries)
        self._size += len(entries.cells)
        self._loose_bytes += entries.cells.nbytes
        if self._loose_bytes >= BLOCK:
            self._bind()
        if self._size >= self._next_look:
            self._look()

    def entries(self) -> Kind:
        """All that was added."""
        self._bind()
        blocks, self._blocks = self._blocks, []
        self._blocks = [_joined(blocks)]
        return self._blocks[0]

    def _bind(self) -> None:
        """Join the loose entries to a block."""
        if self._loose:
            loose, self._loose, self._loose_bytes = self._loose, [], 0
            self._blocks.append(_joined(loose))

    def _look(self) -> None:
        pieces = [*self._blocks, *self._loose]
        sample = torch.cat([_some(piece.cells, self._size) for piece in pieces])
        if companions(sample, self._size) > 1:
            self._blocks = [self.entries().grouped()]
            self._size = len(self._blocks[0].cells)
        self._next_look = max(FIRST_LOOK, 2 * self._size)


def _joined(pieces: Sequence[Kind]) -> Kind:
    """The entries of all pieces; of one, without a copy."""
    return pieces[0] if len(pieces) == 1 else type(pieces[0]).joined(pieces)


def _some(cells: Integer[Tensor, "n D"], of: int) -> Integer[Tensor, "some D"]:
    """This piece's share of a sample of rows, each taken once at most, wherever equal ones lie."""
    share = max(1, len(cells) * SAMPLE // of)
    if share >= len(cells):
        return cells
    return cells[torch.unique(torch.randint(len(cells), (share,), device=cells.device))]


def companions(sample: Integer[Tensor, "some D"], rows: int) -> float:
    """How many others equal a row, on average, among so many rows of which this is a sample."""
    counts = grouped(sample).counts.double()
    among_sample = float((counts * (counts - 1)).sum()) / len(sample)
    return among_sample * (rows - 1) / max(1, len(sample) - 1)


class Counted(Entries):
    """Cells and counts, and nothing else."""

    @classmethod
    def once(cls, cells: Integer[Tensor, "n D"]) -> "Counted":
        """One entry a latent."""
        return cls(cells, ones(cells))

    @classmethod
    def joined(cls, pieces: Sequence["Counted"]) -> "Counted":
        return cls(
            torch.cat([piece.cells for piece in pieces]),
            torch.cat([piece.counts for piece in pieces]),
        )

    def grouped(self) -> "Counted":
        bins = grouped(self.cells)
        return Counted(self.cells[representatives(bins)], added_up(bins, self.counts))


@dataclass(frozen=True, eq=False)
class Boxed(Entries):
    """And the least and the greatest of the latents in each dimension."""

    low: Float[Tensor, "entries D"]
    high: Float[Tensor, "entries D"]

    @classmethod
    def once(cls, cells: Integer[Tensor, "n D"], vectors: Float[Tensor, "n D"]) -> "Boxed":
        """One entry a latent."""
        return cls(cells, ones(cells), vectors, vectors)

    @classmethod
    def joined(cls, pieces: Sequence["Boxed"]) -> "Boxed":
        low = torch.cat([piece.low for piece in pieces])
        # Of single latents, both are one tensor, and stay so.
        single = all(piece.low is piece.high for piece in pieces)
        return cls(
            torch.cat([piece.cells for piece in pieces]),
            torch.cat([piece.counts for piece in pieces]),
            low,
            low if single else torch.cat([piece.high for piece in pieces]),
        )

    def grouped(self) -> "Boxed":
        bins = grouped(self.cells)
        if len(bins.counts) == len(self.cells):
            return self
        owners = bins.owners[:, None].expand_as(self.low)
        none = self.low.new_zeros(len(bins.counts), self.low.shape[1])
        return Boxed(
            self.cells[representatives(bins)],
            added_up(bins, self.counts),
            none.scatter_reduce(0, owners, self.low, "amin", include_self=False),
            none.scatter_reduce_(0, owners, self.high, "amax", include_self=False),
        )


def ones(cells: Integer[Tensor, "n D"]) -> Int64[Tensor, " n"]:
    """A count of one for each cell."""
    return torch.ones(len(cells), dtype=torch.int64, device=cells.device)


def representatives(bins: Bins) -> Int64[Tensor, " bins"]:
    """One row of each bin."""
    rows = torch.arange(len(bins.owners), device=bins.owners.device)
    first = torch.full_like(bins.counts, len(rows))
    return first.scatter_reduce_(0, bins.owners, rows, "amin")


def added_up(bins: Bins, counts: Int64[Tensor, " n"]) -> Int64[Tensor, " bins"]:
    """The counts of the rows of each bin together."""
    return torch.zeros_like(bins.counts).index_add_(0, bins.owners, counts)
