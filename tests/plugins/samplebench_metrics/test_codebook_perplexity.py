"""Codebook perplexity against its extremes and scipy's entropy."""

import math

import pytest
import scipy.stats
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from samplebench import Continuous, Discrete, LatentSpace, Mixture, Sparse
from samplebench_metrics.codebook_perplexity import CodebookPerplexity


def measured(make_evidence, space: LatentSpace, codes) -> float:
    values = torch.zeros(len(codes), space.sites * space.value_width)
    return CodebookPerplexity().measure(
        make_evidence(test_latents=space.pack(values=values, codes=codes))
    )


@pytest.mark.parametrize("size", [1, 2, 7, 512])
def test_even_use_of_all_codes_gives_their_number(make_evidence, size):
    codes = torch.arange(size).repeat(3)[:, None]
    assert measured(make_evidence, Discrete((size,)), codes) == pytest.approx(size)


@pytest.mark.parametrize("size", [2**36, 2**63 - 1])
def test_codes_that_are_possible_and_not_in_use_take_no_memory(make_evidence, size):
    codes = (torch.arange(1024) * (size // 1024))[:, None]
    assert measured(make_evidence, Discrete((size,)), codes) == pytest.approx(1024)
    assert measured(make_evidence, Mixture(size, 2), codes) == pytest.approx(1024)
    assert measured(make_evidence, Sparse(size, 1), codes) == pytest.approx(1024)


def test_one_code_gives_one(make_evidence):
    assert measured(make_evidence, Discrete((64,), (3, 3)), torch.full((10, 9), 5)) == 1


@settings(deadline=None)
@given(st.lists(st.integers(0, 15), min_size=1, max_size=200))
def test_it_is_the_exponential_of_scipys_entropy(make_evidence, codes):
    counts = [codes.count(code) for code in range(16)]
    assert measured(make_evidence, Discrete((16,)), torch.tensor(codes)[:, None]) == pytest.approx(
        math.exp(scipy.stats.entropy(counts)), rel=1e-12
    )


def test_all_sites_of_all_latents_are_counted_together(make_evidence):
    """Each latent uses one code only; together they use four evenly."""
    codes = torch.arange(4)[:, None].expand(4, 6)
    assert measured(make_evidence, Discrete((4,), (2, 3)), codes) == pytest.approx(4)


def test_several_codebooks_give_the_mean_of_their_perplexities(make_evidence):
    codes = torch.stack([torch.arange(8), torch.zeros(8, dtype=torch.int64)], dim=1)
    assert measured(make_evidence, Discrete((8, 99)), codes) == pytest.approx((8 + 1) / 2)


def test_components_of_a_mixture_are_codes(make_evidence):
    assert measured(make_evidence, Mixture(10, 2), torch.tensor([[3], [4]])) == pytest.approx(2)


def test_atoms_of_sparse_latents_are_counted_over_all_slots(make_evidence):
    codes = torch.tensor([[0, 1], [2, 3], [0, 2], [1, 3]])
    assert measured(make_evidence, Sparse(20, 2), codes) == pytest.approx(4)


def test_an_atom_that_pads_a_slot_with_coefficient_zero_counts_as_any_other(make_evidence):
    latents = Sparse(9, 2).pack(
        values=torch.tensor([[0.0, 1.0], [2.0, 0.0]]), codes=torch.tensor([[0, 5], [3, 7]])
    )
    evidence = make_evidence(test_latents=latents)
    assert CodebookPerplexity().measure(evidence) == pytest.approx(4)


def test_it_objects_to_latents_without_codes():
    assert CodebookPerplexity().objection((1, 8, 8), Continuous(8)) == (
        "needs codes, and continuous latents have none"
    )
    assert CodebookPerplexity().objection((1, 8, 8), Sparse(4, 2)) is None
