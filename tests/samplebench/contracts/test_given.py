"""Latents from arrays that exist."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from samplebench import Continuous, Discrete, UsageError, as_latents, seeded

SIZES = st.integers(1, 4)


@given(SIZES, SIZES, SIZES, SIZES, st.booleans())
def test_maps_hold_the_same_numbers_with_channels_first_and_last(
    samples, width, rows, columns, arrays
):
    with seeded(0, "maps"):
        first = torch.randn(samples, width, rows, columns)
    last = first.permute(0, 2, 3, 1)
    one, other = (part.numpy() if arrays else part for part in (first, last))
    packed = as_latents(one, layout="channels-first")
    assert packed.space == Continuous(width, (rows, columns))
    assert torch.equal(packed.values, last)
    assert torch.equal(as_latents(other, layout="channels-last").values, last)
    assert torch.equal(packed.space.pack(values=one, channels_first=True).values, last)


def test_vectors_are_one_site_and_codes_a_grid_of_them():
    assert as_latents(np.zeros((5, 3))).space == Continuous(3)
    assert as_latents(np.zeros(5)).space == Continuous(1)
    codes = np.arange(12).reshape(2, 2, 3)
    assert as_latents(codes, codes=12).space == Discrete((12,), (2, 3))
    packed = as_latents(codes, codes=(20, 20, 12))
    assert packed.space == Discrete((20, 20, 12), (2,))
    assert packed.codes.flatten().tolist() == list(range(12))
    assert as_latents(packed) is packed


@pytest.mark.parametrize(
    ("batch", "words", "told"),
    [
        (np.zeros((5, 2, 3)), {}, "say layout='channels-first' or 'channels-last'"),
        (np.zeros((5, 2), dtype=int), {}, "say how many a codebook has"),
        (np.zeros((5, 2), dtype=int), {"codes": (3, 3, 3)}, "with 3 codebooks"),
        (np.zeros((5, 2)), {"codes": 4}, "these latents are floats"),
        (np.zeros((0, 2)), {}, "at least one number"),
    ],
)
def test_what_has_to_be_said_is_asked_for(batch, words, told):
    with pytest.raises(UsageError, match=told):
        as_latents(batch, **words)


def test_a_grid_that_does_not_follow_the_channels_is_refused():
    with pytest.raises(ValueError, match=r"'samples', 'channels', 2, 3"):
        Continuous(4, (2, 3)).pack(values=torch.zeros(5, 2, 3, 4), channels_first=True)
