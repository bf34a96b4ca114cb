"""Sparse codes as sequences of discrete codes, coarse to fine, and back.

At every site the pairs of an atom and its coefficient are put in order of falling magnitude, and
a coefficient becomes the bin that it falls in, among bins of its depth s in that order:
``atom_1, bin_1, atom_2, bin_2, …``. The edges of a depth's bins are quantiles of the training
coefficients there, so that bins are used alike: every bin tells a prior equally much, and where
coefficients are dense, bins are narrow.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64
from torch import Tensor

Atoms = Int64[Tensor, "signals active"]
Coefficients = Float[Tensor, "signals active"]
Bins = Int64[Tensor, "signals active"]


def by_magnitude(atoms: Atoms, coefficients: Coefficients) -> tuple[Atoms, Coefficients]:
    """The pairs of every signal, those with large coefficients first."""
    order = torch.sort(coefficients.abs(), stable=True, dim=1, descending=True).indices
    return atoms.gather(1, order), coefficients.gather(1, order)


@dataclass(frozen=True, eq=False)
class CoefficientBins:
    """The bins of each depth: from an edge to the next."""

    edges: Float[Tensor, "active edges"]

    @classmethod
    def of(cls, coefficients: Coefficients, bins: int) -> "CoefficientBins":
        """Bins that these coefficients, in order of magnitude, fall in equally often."""
        ranked = coefficients.T.sort(1).values  # (active, signals)
        places = torch.linspace(
            0, ranked.shape[1] - 1, bins + 1, device=ranked.device, dtype=torch.float64
        )
        below = places.long()
        above = (below + 1).clamp(max=ranked.shape[1] - 1)
        return cls(ranked[:, below].lerp(ranked[:, above], (places - below).to(ranked)))

    def codes(self, coefficients: Coefficients) -> Bins:
        """The bin of every coefficient. One that many share has a bin of no width to itself."""
        found = coefficients.T.contiguous()
        first = torch.searchsorted(self.edges, found)  # the first edge not below it
        past = torch.searchsorted(self.edges, found, right=True)  # the first edge above it
        last = self.edges.shape[1] - 2
        return torch.where(past - first > 1, first, past - 1).clamp(0, last).T

    def sample(self, codes: Bins) -> Coefficients:
        """A coefficient for every bin, uniformly between its edges."""
        low, high = self._ends(codes)
        return low.lerp(high, torch.rand_like(low))

    def lost(self, coefficients: Coefficients) -> float:
        """The expected squared error of ``sample`` as a share of the coefficients' energy."""
        low, high = self._ends(self.codes(coefficients))
        errors = (coefficients - (low + high) / 2).square() + (high - low).square() / 12
        energy = coefficients.square().sum(dtype=torch.float64)
        return float(errors.sum(dtype=torch.float64) / energy) if energy > 0 else 0.0

    def _ends(self, codes: Bins) -> tuple[Coefficients, Coefficients]:
        depths = torch.arange(len(self.edges), device=codes.device)
        return self.edges[depths, codes], self.edges[depths, codes + 1]


def merged(atoms: Atoms, coefficients: Coefficients) -> tuple[Atoms, Coefficients]:
    """Codes of the same signals, ``Σ_s a_s d_{k_s}``, with atoms that ascend, each once.

    The coefficients of an atom that came more than once are added up, and the lowest unused atoms
    take the places that come free, with coefficient 0.
    """
    active = atoms.shape[1]
    ascending, order = atoms.sort(1)
    new = ascending.diff(dim=1, prepend=ascending.new_full((len(atoms), 1), -1)) != 0
    place = new.cumsum(1) - 1  # where each pair goes: the rank of its atom
    sums = torch.zeros_like(coefficients).scatter_add_(1, place, coefficients.gather(1, order))
    # One place more, to which all goes that has no place.
    full = ascending.new_zeros(len(atoms), active + 1)
    full.scatter_(1, place, ascending)
    # Of the lowest `active` atoms as many are unused at least as places are free.
    low = torch.arange(active, device=atoms.device).expand_as(atoms)
    unused = torch.ones_like(full, dtype=torch.bool)
    unused.scatter_(1, ascending.clamp(max=active), False)
    place = place[:, -1:] + unused[:, :active].cumsum(1)
    place = torch.where(unused[:, :active], place, active).clamp(max=active)
    full.scatter_(1, place, low)
    ascending, order = full[:, :active].sort(1)
    return ascending, sums.gather(1, order)
