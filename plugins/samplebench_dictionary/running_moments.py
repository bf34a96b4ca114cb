"""The online rule by which a dictionary follows its signals without a gradient."""

import math

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional

from samplebench_dictionary.batch_omp import Dictionary, Signals

_SHARE = 10  # one of this many atoms moves at a step
_LEAST_ENERGY = 1e-12  # of an atom without coefficients, which then stays


class RunningMoments(nn.Module):
    """``A = Σ a aᵀ`` and ``B = Σ a zᵀ`` over the batches so far, older ones counting less.

    After batch t, with means over its signals: ``A ← β_t A + E a aᵀ``, ``B ← β_t B + E a zᵀ``,
    ``β_t = min(1 − 1/t, γ)``. The paper's β_t is ``1 − η/(tη + 1)`` for η signals a batch, until
    t reaches η: nearly the first of the two. γ bounds the memory, because an encoder that learns
    moves its signals.

    Args:
        decay: γ.

    Reference: Online Learning for Matrix Factorization and Sparse Coding (Mairal et al., 2009),
    arXiv:0908.0050
    """

    batches: Tensor
    with_atoms: Tensor
    with_signals: Tensor

    def __init__(self, *, atoms: int, channels: int, decay: float) -> None:
        super().__init__()
        self.decay = decay
        self.register_buffer("batches", torch.zeros(()))
        self.register_buffer("with_atoms", torch.zeros(atoms, atoms))  # A
        self.register_buffer("with_signals", torch.zeros(atoms, channels))  # B

    def add(
        self,
        signals: Signals,
        atoms: Int64[Tensor, "signals active"],
        coefficients: Float[Tensor, "signals active"],
    ) -> None:
        """Add a batch of signals and their codes."""
        self.batches += 1
        kept = (1 - 1 / self.batches).clamp(max=self.decay)
        self.with_atoms *= kept
        self.with_signals *= kept
        size = len(self.with_atoms)
        for atom, scale in zip(atoms.T, coefficients.T / len(signals), strict=True):
            self.with_signals.index_add_(0, atom, scale[:, None] * signals)
            pairs = atom[:, None] * size + atoms
            products = scale[:, None] * coefficients
            self.with_atoms.view(-1).index_add_(0, pairs.flatten(), products.flatten())

    def move(self, dictionary: Dictionary) -> Dictionary:
        """Take one step of block-coordinate descent on a random tenth of the dictionary.

        ``d_j ← normalise(d_j + (B_j − A_j D) / A_jj)``. The paper goes through all atoms in turn;
        the tenth that moves at once is from the code of the dictionary autoencoder's authors.
        """
        moving = torch.randperm(len(dictionary), device=dictionary.device)
        moving = moving[: math.ceil(len(dictionary) / _SHARE)]
        energy = self.with_atoms.diagonal()[moving].clamp(min=_LEAST_ENERGY)
        gap = self.with_signals[moving] - self.with_atoms[moving] @ dictionary
        better = functional.normalize(dictionary[moving] + gap / energy[:, None])
        return dictionary.index_copy(0, moving, better)

    def forget(self, gone: Tensor) -> None:
        """Erase the moments of some atoms, given as a mask, (atoms,)."""
        self.with_atoms.masked_fill_(gone[:, None] | gone, 0)
        self.with_signals.masked_fill_(gone[:, None], 0)
