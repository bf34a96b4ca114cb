"""Rows grouped through hashes against numpy's sorting of whole rows."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from samplebench_density.histogram import row_groups
from samplebench_density.histogram.row_groups import group_rows, hash_rows

KEY_TYPES = [np.uint8, np.int16, np.int32]


@st.composite
def rows(draw) -> np.ndarray:
    """Small tables with many repeated rows, of every type that keys can have."""
    shape = draw(st.tuples(st.integers(1, 30), st.integers(1, 20)))
    few = st.integers(0, draw(st.sampled_from([1, 2, 200])))
    return draw(arrays.arrays(draw(st.sampled_from(KEY_TYPES)), shape, elements=few))


def assert_grouped_as_by_numpy(table: np.ndarray) -> None:
    found = group_rows(torch.from_numpy(table))
    _, inverse, counts = np.unique(table, axis=0, return_inverse=True, return_counts=True)
    pairs = np.unique(np.stack([found.owners.numpy(), inverse.ravel()]), axis=1)
    assert pairs.shape[1] == len(counts) == len(found.counts)
    assert (found.counts[pairs[0]].numpy() == counts[pairs[1]]).all()


@settings(deadline=None)
@given(rows())
def test_rows_are_grouped_as_by_numpy(table):
    assert_grouped_as_by_numpy(table)


@settings(deadline=None)
@given(rows(), st.sampled_from([1, 2, 3]))
def test_rows_are_grouped_rightly_however_many_hashes_collide(table, hashes):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(row_groups, "hash_rows", lambda words: words.sum(1) % hashes)
        assert_grouped_as_by_numpy(table)


def test_rows_of_one_hash_that_alternate_are_not_split():
    table = np.array([[1, 2], [2, 1]] * 50, dtype=np.uint8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(row_groups, "hash_rows", lambda words: torch.zeros_like(words[:, 0]))
        assert group_rows(torch.from_numpy(table)).counts.tolist() == [50, 50]


@pytest.mark.parametrize("scale", [1, 2**8, 2**32, 2**56])
def test_structured_words_have_hashes_of_their_own(scale):
    words = torch.tensor(list(itertools.product(range(12), repeat=4))) * scale
    assert len(hash_rows(words).unique()) == 12**4


def test_every_bit_of_a_hash_depends_on_every_bit_of_a_word():
    words = torch.arange(2000)[:, None] * 7919
    bits = torch.tensor([1 << place if place < 63 else -(1 << 63) for place in range(64)])
    changed = hash_rows(words)[:, None] ^ torch.stack([hash_rows(words ^ bit) for bit in bits], 1)
    flips = ((changed[..., None] >> torch.arange(64)) & 1).double().mean(0)  # (bit in, bit out)
    assert flips.min() > 0.4
    assert flips.max() < 0.6
