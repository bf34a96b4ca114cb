"""Rows of small integers, grouped by equality through hashes."""

from dataclasses import dataclass

import torch
from jaxtyping import Int64, Integer
from torch import Tensor
from torch.nn.functional import pad

from samplebench_density.vectors.chunks import chunk_rows

# The constants of SplitMix64. They exceed 2⁶³, so these are the negative numbers of the same bits.
_GAMMA, _FIRST, _SECOND = -0x61C8864680B583EB, -0x40A7B892E31B1A47, -0x6B2FB644ECCEEE15


@dataclass(frozen=True, eq=False)
class RowGroups:
    """The group that each row belongs to, and the number of rows in each group, from group 0."""

    owners: Int64[Tensor, " n"]
    counts: Int64[Tensor, " groups"]


def group_rows(rows: Integer[Tensor, "n D"]) -> RowGroups:
    """Put equal rows into one group, in memory of a few numbers a row besides the rows.

    One 64-bit hash a row is sorted, and neighbours are then compared in full. Different rows with
    one hash are to be expected once in 10⁵ sets of ten million rows; should it happen, whole rows
    are sorted instead.
    """
    words = _pack_words(rows)
    size = chunk_rows(words.shape[1], words.device)
    hashes, order = torch.cat([hash_rows(some) for some in torch.split(words, size)]).sort()
    neighbours = zip(torch.split(order[1:], size), torch.split(order[:-1], size), strict=True)
    alike = torch.cat([(words[one] == words[other]).all(1) for one, other in neighbours])
    if ((hashes[1:] == hashes[:-1]) & ~alike).any():
        _, owners, counts = torch.unique(words, dim=0, return_inverse=True, return_counts=True)
        return RowGroups(owners, counts)
    owners = torch.zeros_like(order)
    owners[order[1:]] = (~alike).cumsum(0)
    return RowGroups(owners, owners.bincount())


def hash_rows(words: Int64[Tensor, "n words"]) -> Int64[Tensor, " n"]:
    """Hash each row to one number: mix each word with its place, add up, and mix the sum.

    Mixing is what keeps structured rows apart: plain odd multiples of the words collapse.

    Reference: Fast splittable pseudorandom number generators (Steele, Lea and Flood, 2014),
    OOPSLA 2014.
    """
    places = torch.arange(1, words.shape[1] + 1, device=words.device)
    return _mix(_mix(words + places * _GAMMA).sum(1))


def _mix(words: Tensor) -> Tensor:
    """Apply a bijection in which every bit depends on every bit. Products wrap around."""
    words = (words ^ _shift_right(words, 30)) * _FIRST
    words = (words ^ _shift_right(words, 27)) * _SECOND
    return words ^ _shift_right(words, 31)


def _shift_right(words: Tensor, places: int) -> Tensor:
    """Shift right and fill with zeros, where torch's own shift repeats the sign."""
    return (words >> places) & ((1 << (64 - places)) - 1)


def _pack_words(rows: Integer[Tensor, "n D"]) -> Int64[Tensor, "n words"]:
    """Reinterpret the same bytes as 64-bit words, padded with zeros."""
    in_a_word = 8 // rows.element_size()
    return pad(rows, (0, -rows.shape[1] % in_a_word)).contiguous().view(torch.int64)
