"""The nominal rate of latents: the bits that it takes to write one down."""

import math

import torch

from samplebench import Latents, Mixture, Sparse


def require_value_bits(value_bits: float) -> None:
    """Raise ValueError unless it can be a number of bits."""
    if not 0 < value_bits < math.inf:
        raise ValueError(f"value_bits must be positive and finite, not {value_bits}")


def count_bits_at_a_site(latents: Latents, value_bits: float) -> float:
    """Count the bits of the codes at a site, and ``value_bits`` for each real left open.

    Codes take ``Σ log2 K`` over the codebooks' sizes K, or ``log2 C(K, S)`` where S atoms of K
    are active. Every length is fixed: what an entropy coder would save is not counted.
    """
    space = latents.space
    if isinstance(space, Sparse):
        code_bits = math.log2(math.comb(space.atoms, space.active))
    else:
        code_bits = math.fsum(map(math.log2, space.code_ranges))
    reals = 0 if _codes_determine_values(latents) else space.value_width
    return code_bits + reals * value_bits


def _codes_determine_values(latents: Latents) -> bool:
    """True if each component of a mixture always comes with the same values."""
    space = latents.space
    if not isinstance(space, Mixture):
        return False
    values = latents.values.reshape(-1, space.channels)
    used, codes = torch.unique(latents.codes.flatten(), return_inverse=True)
    one_each = values.new_zeros(len(used), space.channels)
    one_each[codes] = values  # of several, any: all must equal it
    return torch.equal(one_each[codes], values)
