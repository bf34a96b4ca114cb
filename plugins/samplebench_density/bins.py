"""Rows of small integers grouped by equality, through hashes."""

from dataclasses import dataclass

import torch
from jaxtyping import Int64, Integer
from torch import Tensor
from torch.nn.functional import pad

from samplebench_density.pieces import chunk_rows

# The constants of SplitMix64. They exceed 2⁶³, so these are the negative numbers of the same bits.
_GAMMA, _FIRST, _SECOND = -0x61C8864680B583EB, -0x40A7B892E31B1A47, -0x6B2FB644ECCEEE15


@dataclass(frozen=True, eq=False)
class Bins:
    """Which bin each row is in, and how many rows each bin holds. Bins are numbered from 0."""

    owners: Int64[Tensor, " n"]
    counts: Int64[Tensor, " bins"]


def grouped(rows: Integer[Tensor, "n D"]) -> Bins:
    """Equal rows in one bin, others in others. Beside the rows it takes a few numbers for each.

    One 64-bit hash a row is sorted, and neighbours are then compared in full. Different rows with
    one hash are to be expected once in 10⁵ sets of ten million rows; should it happen, whole rows
    are sorted instead.
    """
    words = _words(rows)
    size = chunk_rows(words.shape[1], words.device)
    hashes, order = torch.cat([hashed(some) for some in torch.split(words, size)]).sort()
    neighbours = zip(torch.split(order[1:], size), torch.split(order[:-1], size), strict=True)
    alike = torch.cat([(words[one] == words[other]).all(1) for one, other in neighbours])
    if ((hashes[1:] == hashes[:-1]) & ~alike).any():
        _, owners, counts = torch.unique(words, dim=0, return_inverse=True, return_counts=True)
        return Bins(owners, counts)
    owners = torch.zeros_like(order)
    owners[order[1:]] = (~alike).cumsum(0)
    return Bins(owners, owners.bincount())


def hashed(words: Int64[Tensor, "n words"]) -> Int64[Tensor, " n"]:
    """One number a row: each word is mixed with its place, and their sum is mixed again.

    Mixing is what keeps structured rows apart: plain odd multiples of the words collapse.

    Reference: Fast splittable pseudorandom number generators (Steele, Lea and Flood, 2014),
    OOPSLA 2014.
    """
    places = torch.arange(1, words.shape[1] + 1, device=words.device)
    return _mixed(_mixed(words + places * _GAMMA).sum(1))


def _mixed(words: Tensor) -> Tensor:
    """A bijection in which every bit depends on every bit. Products wrap around."""
    words = (words ^ _shifted(words, 30)) * _FIRST
    words = (words ^ _shifted(words, 27)) * _SECOND
    return words ^ _shifted(words, 31)


def _shifted(words: Tensor, places: int) -> Tensor:
    """Shifted right with zeros, where torch's own shift repeats the sign."""
    return (words >> places) & ((1 << (64 - places)) - 1)


def _words(rows: Integer[Tensor, "n D"]) -> Int64[Tensor, "n words"]:
    """The same bytes as 64-bit words, filled up with zeros."""
    in_a_word = 8 // rows.element_size()
    return pad(rows, (0, -rows.shape[1] % in_a_word)).contiguous().view(torch.int64)
