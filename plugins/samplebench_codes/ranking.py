"""Ranks of codes among those that occur, which are few however many are possible."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Int64
from torch import Tensor

Labels = Int64[Tensor, " labels"]
"""Distinct numbers, ascending; at least one."""


class Ranks(NamedTuple):
    """The place of each number among some labels, and if it is one of them; else any place."""

    places: Int64[Tensor, "*any"]
    known: Bool[Tensor, "*any"]


def rank(labels: Labels, numbers: Int64[Tensor, "*any"]) -> Ranks:
    """Find the numbers among the labels."""
    places = torch.searchsorted(labels, numbers.contiguous()).clamp_max_(len(labels) - 1)
    return Ranks(places, labels[places] == numbers)
