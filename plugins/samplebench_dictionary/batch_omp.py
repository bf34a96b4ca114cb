"""Sparse codes of many signals at once."""

import math

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn import functional

Signals = Float[Tensor, "signals reals"]
Dictionary = Float[Tensor, "atoms reals"]
SparseCodes = tuple[Int64[Tensor, "signals active"], Float[Tensor, "signals active"]]

_TILE = {"cpu": 1 << 19}  # correlations held at a time, so that they stay in the cache
_LARGE_TILE = 1 << 26
_BLOCK = 32  # a search over this many adjacent atoms runs in vector registers


@torch.no_grad()
def batch_omp(signals: Signals, dictionary: Dictionary, active: int) -> SparseCodes:
    """Code signals by orthogonal matching pursuit.

    For every signal x it chooses ``active`` atoms one after the other, each the most correlated
    with the residual of the earlier ones, with the coefficients ``min_a ‖x − Σ_j a_j d_{k_j}‖²``.

    With ``G = D Dᵀ``, correlations ``α = D x`` and the atoms I chosen so far, a step is

    ``k = argmax |α|``, ``w = L⁻¹ G_{I,k}``, ``ρ² = 1 − ‖w‖²``, ``m = [−wᵀ L⁻¹, 1] / ρ``,
    ``a ← a + (α_k/ρ) m``, ``α ← α − (α_k/ρ) m G_{I∪k}``,

    where L is the Cholesky factor of ``G_{I,I}`` and m the next row of its inverse: coefficients
    are those of least squares after every step, and no residual is formed. An atom that depends on
    the earlier ones to rounding (ρ² = 0) gets the coefficient 0.

    Args:
        signals: the signals, of the dictionary's floating type.
        dictionary: the atoms, rows of length 1.
        active: the number of atoms a signal; no atom is chosen twice.

    Returns:
        The atoms of each signal in order of choice, and their coefficients.

    Raises:
        ValueError: ``active`` does not lie in 1…atoms.

    Reference: Efficient Implementation of the K-SVD Algorithm using Batch Orthogonal Matching
    Pursuit (Rubinstein et al., 2008), Technion CS-2008-08
    """
    if not 1 <= active <= len(dictionary):
        raise ValueError(f"active lies in 1…{len(dictionary)}, the number of atoms, not {active}")
    with torch.autocast(signals.device.type, enabled=False):  # supports need every bit
        return _code(signals, dictionary, active)


def combine(
    dictionary: Dictionary,
    atoms: Int64[Tensor, "signals active"],
    coefficients: Float[Tensor, "signals active"],
) -> Signals:
    """Compute ``Σ_j a_j d_{k_j}`` of each signal, without the atoms of all signals in memory."""
    return functional.embedding_bag(
        atoms.contiguous(), dictionary, per_sample_weights=coefficients.contiguous(), mode="sum"
    )


def _code(signals: Signals, dictionary: Dictionary, active: int) -> SparseCodes:
    """Code signals in chunks, so that correlations with all atoms are held for few of them."""
    gram = dictionary @ dictionary.T
    rows = max(1, _TILE.get(signals.device.type, _LARGE_TILE) // len(dictionary))
    atoms = torch.empty(len(signals), active, dtype=torch.int64, device=signals.device)
    coefficients = signals.new_empty(len(signals), active)
    # Kept over all chunks: new memory for each would cost as much time as the pursuit.
    correlations = signals.new_empty(min(rows, len(signals)), len(dictionary))
    magnitudes = torch.empty_like(correlations)
    chunks = (torch.split(part, rows) for part in (signals, atoms, coefficients))
    for some, found, scales in zip(*chunks, strict=True):
        torch.mm(some, dictionary.T, out=correlations[: len(some)])
        pursued = _pursue(correlations[: len(some)], magnitudes[: len(some)], gram, active)
        found.copy_(pursued[0].T)
        scales.copy_(pursued[1].T)
    return atoms, coefficients


def _pursue(
    correlations: Tensor, magnitudes: Tensor, gram: Tensor, active: int
) -> tuple[Tensor, Tensor]:
    """Find atoms and coefficients, (active, signals), and overwrite the correlations.

    ``magnitudes`` is scratch memory of the shape of the correlations, (signals, atoms).
    """
    count, size = correlations.shape
    # Signals come last in small tensors: sums over the few atoms then run over whole vectors.
    atoms = torch.empty(active, count, dtype=torch.int64, device=gram.device)
    coefficients = gram.new_zeros(active, count)
    inverse = gram.new_zeros(active, active, count)  # of the Cholesky factor
    rounding = 100 * torch.finfo(gram.dtype).eps
    for step in range(active):
        torch.abs(correlations, out=magnitudes)
        magnitudes.scatter_(1, atoms[:step].T, -1.0)
        chosen = _largest(magnitudes)
        atoms[step] = chosen
        known = inverse[:step, :step]
        shared = (known * gram.take(atoms[:step] * size + chosen)).sum(1)
        rest = 1 - shared.square().sum(0)
        scale = torch.where(rest > rounding, rest.rsqrt(), 0)
        inverse[step, :step] = -(shared[:, None] * known).sum(0) * scale
        inverse[step, step] = scale
        gain = correlations.gather(1, chosen[:, None])[:, 0] * scale
        change = gain * inverse[step, : step + 1]
        coefficients[: step + 1] += change
        if step + 1 < active:
            correlations -= functional.embedding_bag(
                atoms[: step + 1].T.contiguous(),
                gram,
                per_sample_weights=change.T.contiguous(),
                mode="sum",
            )
    return atoms, coefficients


def _largest(numbers: Tensor) -> Tensor:
    """Find the index of each row's largest number, among the columns that hold a largest one."""
    rows, size = numbers.shape
    block = math.gcd(_BLOCK, size)
    columns = numbers.view(rows, size // block, block)
    column = columns.amax(1).argmax(1)
    within = columns.gather(2, column[:, None, None].expand(-1, size // block, 1))
    return within[..., 0].argmax(1).mul_(block).add_(column)
