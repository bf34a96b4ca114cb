"""The conversion of sparse codes to sequences of discrete codes, coarse to fine, and back.

At every site the pairs of an atom and its coefficient are put in order of falling magnitude, and
a coefficient becomes the bin that it falls in, among bins of its depth s in that order:
``atom_1, bin_1, atom_2, bin_2, …``. The edges of a depth's bins are quantiles of the training
coefficients there, so that bins are used equally: every bin is equally informative for a prior,
and where coefficients are dense, bins are narrow. A coefficient is drawn by the mean μ and std σ
of those in its bin, uniformly from ``μ ± √3 σ``: mean and energy are kept in expectation, also by
the outermost bins, which reach to the largest coefficients, and by bins across a gap. Uniform
draws between the edges would have far too much energy there. Draws can lie beyond the edges of
their bin.
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


def sort_by_magnitude(atoms: Atoms, coefficients: Coefficients) -> tuple[Atoms, Coefficients]:
    """Sort the pairs of every signal, large coefficients first."""
    order = torch.sort(coefficients.abs(), stable=True, dim=1, descending=True).indices
    return atoms.gather(1, order), coefficients.gather(1, order)


@dataclass(frozen=True, eq=False)
class CoefficientBins:
    """The bins of each depth, each from an edge to the next, and the mean and std in each."""

    edges: Float[Tensor, "active edges"]
    means: Float[Tensor, "active bins"]
    std: Float[Tensor, "active bins"]

    @classmethod
    def of(cls, coefficients: Coefficients, bins: int) -> "CoefficientBins":
        """Choose bins with equally many of these coefficients, which are in order of magnitude."""
        ranked = coefficients.T.sort(1).values  # (active, signals)
        places = torch.linspace(
            0, ranked.shape[1] - 1, bins + 1, device=ranked.device, dtype=torch.float64
        )
        below = places.long()
        above = (below + 1).clamp(max=ranked.shape[1] - 1)
        edges = ranked[:, below].lerp(ranked[:, above], (places - below).to(ranked))
        return cls(edges, *_moments(edges, coefficients))

    @classmethod
    def from_state(cls, state: Mapping[str, Tensor]) -> "CoefficientBins":
        """The bins that gave ``state``."""
        return cls(state["edges"], state["bin_means"], state["bin_deviations"])

    def state(self) -> Mapping[str, Tensor]:
        return {
            "edges": self.edges,
            "bin_means": self.means,
            "bin_deviations": self.std,
        }

    def find(self, coefficients: Coefficients) -> Bins:
        """Find the bin of every coefficient. A very common one has a bin of width 0 to itself."""
        return _find_bins(self.edges, coefficients)

    def sample(self, bins: Bins) -> Coefficients:
        """Draw a coefficient for every bin, uniformly about its mean, with its std."""
        means, std = self._look_up(bins)
        places = torch.rand_like(means).mul_(2).sub_(1)
        return torch.addcmul(means, std, places, value=math.sqrt(3))

    def error(self, coefficients: Coefficients) -> float:
        """Compute the expected squared error of ``sample``, as a share of the energy."""
        means, std = (part.double() for part in self._look_up(self.find(coefficients)))
        errors = (coefficients.double() - means).square() + std.square()
        energy = coefficients.double().square().sum()
        return float(errors.sum() / energy) if energy > 0 else 0.0

    def _look_up(self, bins: Bins) -> tuple[Coefficients, Coefficients]:
        """Look up the mean and std of every bin."""
        depths = torch.arange(len(self.edges), device=bins.device)
        return self.means[depths, bins], self.std[depths, bins]


def _find_bins(edges: Float[Tensor, "active edges"], coefficients: Coefficients) -> Bins:
    rows = coefficients.T.contiguous()
    first = torch.searchsorted(edges, rows)  # the first edge not below it
    past = torch.searchsorted(edges, rows, right=True)  # the first edge above it
    return torch.where(past - first > 1, first, past - 1).clamp(0, edges.shape[1] - 2).T


def _moments(
    edges: Float[Tensor, "active edges"], coefficients: Coefficients
) -> tuple[Float[Tensor, "active bins"], Float[Tensor, "active bins"]]:
    """Compute the mean and std of the coefficients in each bin.

    An empty bin has those of the uniform distribution between its edges.
    """
    low, width = edges[:, :-1], edges.diff(dim=1)
    bins = _find_bins(edges, coefficients).T  # (active, signals)
    values = coefficients.T.double()
    counts = torch.zeros_like(low, dtype=torch.float64)
    counts.scatter_add_(1, bins, torch.ones_like(values))
    # About the lower edge, so that the mean of equal coefficients is exact.
    gaps = values - low.double().gather(1, bins)
    sums = torch.zeros_like(counts).scatter_add_(1, bins, gaps)
    means = low + torch.where(counts > 0, sums / counts.clamp(min=1), width / 2).to(low.dtype)
    squares = (values - means.double().gather(1, bins)).square()
    energies = torch.zeros_like(counts).scatter_add_(1, bins, squares)
    even = width.double().square() / 12
    variances = torch.where(counts > 0, energies / counts.clamp(min=1), even)
    return means, variances.sqrt().to(low.dtype)


def merge_atoms(atoms: Atoms, coefficients: Coefficients) -> tuple[Atoms, Coefficients]:
    """Make codes of the same signals, ``Σ_s a_s d_{k_s}``, with ascending atoms, each once.

    The coefficients of an atom that came more than once are added up, and the lowest unused atoms
    take the places that come free, with coefficient 0.
    """
    active = atoms.shape[1]
    ascending, order = atoms.sort(1)
    new = ascending.diff(dim=1, prepend=ascending.new_full((len(atoms), 1), -1)) != 0
    place = new.cumsum(1) - 1  # the new place of each pair: the rank of its atom
    sums = torch.zeros_like(coefficients).scatter_add_(1, place, coefficients.gather(1, order))
    # One place more, for all that has no place.
    full = ascending.new_zeros(len(atoms), active + 1)
    full.scatter_(1, place, ascending)
    # Of the lowest `active` atoms, at least as many are unused as places are free.
    low = torch.arange(active, device=atoms.device).expand_as(atoms)
    unused = torch.ones_like(full, dtype=torch.bool)
    unused.scatter_(1, ascending.clamp(max=active), False)
    place = place[:, -1:] + unused[:, :active].cumsum(1)
    place = torch.where(unused[:, :active], place, active).clamp(max=active)
    full.scatter_(1, place, low)
    ascending, order = full[:, :active].sort(1)
    return ascending, sums.gather(1, order)
