"""Sparse codes as sequences of discrete codes, coarse to fine, and back.

At every site the pairs of an atom and its coefficient are put in order of falling magnitude, and
a coefficient becomes the bin that it falls in, among bins of its depth s in that order:
``atom_1, bin_1, atom_2, bin_2, …``. The edges of a depth's bins are quantiles of the training
coefficients there, so that bins are used alike: every bin tells a prior equally much, and where
coefficients are dense, bins are narrow. A coefficient is drawn by the mean μ and deviation σ of
those in its bin, uniformly from ``μ ± √3 σ``: mean and energy are kept in expectation, also by the
outermost bins, which reach to the largest coefficients, and by one across a gap. Uniform draws
between the edges would have far too much energy there. Draws can pass the edges of their bin.
"""

import math
from collections.abc import Mapping
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
    """The bins of each depth, from an edge to the next, and the mean and deviation in each."""

    edges: Float[Tensor, "active edges"]
    means: Float[Tensor, "active bins"]
    deviations: Float[Tensor, "active bins"]

    @classmethod
    def of(cls, coefficients: Coefficients, bins: int) -> "CoefficientBins":
        """Bins that these coefficients, in order of magnitude, fall in equally often."""
        ranked = coefficients.T.sort(1).values  # (active, signals)
        places = torch.linspace(
            0, ranked.shape[1] - 1, bins + 1, device=ranked.device, dtype=torch.float64
        )
        below = places.long()
        above = (below + 1).clamp(max=ranked.shape[1] - 1)
        edges = ranked[:, below].lerp(ranked[:, above], (places - below).to(ranked))
        return cls(edges, *_moments(edges, coefficients))

    @classmethod
    def restored(cls, state: Mapping[str, Tensor]) -> "CoefficientBins":
        """Those of which ``state`` was taken."""
        return cls(state["edges"], state["bin_means"], state["bin_deviations"])

    def state(self) -> Mapping[str, Tensor]:
        return {
            "edges": self.edges,
            "bin_means": self.means,
            "bin_deviations": self.deviations,
        }

    def codes(self, coefficients: Coefficients) -> Bins:
        """The bin of every coefficient. One that many share has a bin of no width to itself."""
        return _codes(self.edges, coefficients)

    def sample(self, codes: Bins) -> Coefficients:
        """A coefficient for every bin, uniformly about its mean, with its deviation."""
        means, deviations = self._law(codes)
        places = torch.rand_like(means).mul_(2).sub_(1)
        return torch.addcmul(means, deviations, places, value=math.sqrt(3))

    def lost(self, coefficients: Coefficients) -> float:
        """The expected squared error of ``sample`` as a share of the coefficients' energy."""
        means, deviations = self._law(self.codes(coefficients))
        errors = (coefficients - means).square() + deviations.square()
        energy = coefficients.square().sum(dtype=torch.float64)
        return float(errors.sum(dtype=torch.float64) / energy) if energy > 0 else 0.0

    def _law(self, codes: Bins) -> tuple[Coefficients, Coefficients]:
        depths = torch.arange(len(self.edges), device=codes.device)
        return self.means[depths, codes], self.deviations[depths, codes]


def _codes(edges: Float[Tensor, "active edges"], coefficients: Coefficients) -> Bins:
    found = coefficients.T.contiguous()
    first = torch.searchsorted(edges, found)  # the first edge not below it
    past = torch.searchsorted(edges, found, right=True)  # the first edge above it
    return torch.where(past - first > 1, first, past - 1).clamp(0, edges.shape[1] - 2).T


def _moments(
    edges: Float[Tensor, "active edges"], coefficients: Coefficients
) -> tuple[Float[Tensor, "active bins"], Float[Tensor, "active bins"]]:
    """Mean and deviation of the coefficients in each bin; of one that has none, those of the
    uniform law between its edges.
    """
    low, width = edges[:, :-1], edges.diff(dim=1)
    codes = _codes(edges, coefficients).T  # (active, signals)
    values = coefficients.T.double()
    counts = torch.zeros_like(low, dtype=torch.float64)
    counts.scatter_add_(1, codes, torch.ones_like(values))
    # About the lower edge, so that equal coefficients have exactly themselves as their mean.
    gaps = values - low.double().gather(1, codes)
    sums = torch.zeros_like(counts).scatter_add_(1, codes, gaps)
    means = low + torch.where(counts > 0, sums / counts.clamp(min=1), width / 2).to(low.dtype)
    squares = (values - means.double().gather(1, codes)).square()
    energies = torch.zeros_like(counts).scatter_add_(1, codes, squares)
    variances = torch.where(counts > 0, energies / counts.clamp(min=1), width.square() / 12)
    return means, variances.sqrt().to(low.dtype)


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
