"""The nearest codeword against all distances in float64."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from samplebench import seeded
from samplebench_quantized import nearest as module
from samplebench_quantized.nearest import count_and_sum, find_nearest


def draws(*shape, seed=0):
    with seeded(seed, "draws"):
        return torch.randn(*shape)


def squared_distances(points, codebook):
    return (points.double()[:, None] - codebook.double()).square().sum(-1)


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 70), st.integers(1, 40), st.integers(1, 9), st.integers(1, 300), st.integers()
)
def test_it_is_the_nearest_whatever_the_sizes_and_the_tile(points, codes, channels, tile, seed):
    sites, codebook = draws(points, channels, seed=seed), draws(codes, channels, seed=seed + 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(module._TILE, "cpu", tile)
        found = find_nearest(sites, codebook)
    exact = squared_distances(sites, codebook)
    chosen = exact.gather(1, found[:, None])[:, 0]
    torch.testing.assert_close(chosen, exact.amin(1), rtol=1e-5, atol=1e-5)


def test_in_float64_it_is_the_argmin_of_all_distances():
    sites, codebook = draws(3000, 6).double(), draws(500, 6, seed=1).double()
    assert torch.equal(find_nearest(sites, codebook), squared_distances(sites, codebook).argmin(1))


def test_the_lowest_of_equal_codewords_is_taken():
    codebook = draws(4, 3)[[2, 0, 2, 1, 0]]
    assert find_nearest(codebook, codebook).tolist() == [0, 1, 0, 3, 1]


def test_a_site_halfway_between_two_codewords_gets_the_lower_code():
    codebook = torch.tensor([[-1.0], [1.0], [3.0]])
    assert find_nearest(torch.tensor([[0.0], [2.0]]), codebook).tolist() == [0, 1]


def test_one_codeword_is_nearest_to_all():
    assert find_nearest(draws(7, 3), draws(1, 3)).tolist() == [0] * 7


def test_far_from_the_origin_nothing_is_lost():
    # Multiples of 1/4, so that the float32 sums with 4096 are exact.
    sites, codebook = ((draws(n, 8, seed=n) * 4).round() / 4 + 4096 for n in (500, 64))
    exact = squared_distances(sites, codebook)
    chosen = exact.gather(1, find_nearest(sites, codebook)[:, None])[:, 0]
    assert torch.equal(chosen, exact.amin(1))


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 50), st.integers(1, 12), st.integers(1, 5), st.integers())
def test_statistics_are_the_counts_and_sums_of_each_code(points, count, channels, seed):
    sites = draws(points, channels, seed=seed).double()
    with seeded(seed, "codes"):
        codes = torch.randint(count, (points,))
    counts, sums = count_and_sum(sites, codes, count)
    for code in range(count):
        members = sites[codes == code]
        assert counts[code] == len(members)
        torch.testing.assert_close(sums[code], members.sum(0))
