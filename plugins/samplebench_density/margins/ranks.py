"""Ranks of numbers."""

import torch
from jaxtyping import Float, Int32
from torch import Tensor


def rank_rows(
    columns: Float[Tensor, "D n"],
) -> tuple[Float[Tensor, "D n"], Int32[Tensor, "D n"]]:
    """Sort each row in ascending order, and rank each of its numbers, from 1 to n.

    Equal numbers are ranked at random, independently in each dimension: ranked in the order in
    which they come, dimensions with many equal numbers would seem to depend on each other.
    """
    shuffle = torch.rand(columns.shape, device=columns.device).argsort(1)
    ordered, order = columns.gather(1, shuffle).sort(dim=1, stable=True)
    places = torch.arange(1, columns.shape[1] + 1, device=columns.device, dtype=torch.int32)
    ranks = torch.empty_like(order, dtype=torch.int32)
    return ordered, ranks.scatter_(1, shuffle.gather(1, order), places.expand_as(ranks))
