"""The share of codes in use against sets of them."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from samplebench import Continuous, Discrete, LatentSpace, Mixture, Sparse
from samplebench_metrics.codes_used import CodesUsed


def measured(make_evidence, space: LatentSpace, codes) -> float:
    values = torch.zeros(len(codes), space.sites * space.value_width)
    return CodesUsed().measure(make_evidence(test_latents=space.pack(values=values, codes=codes)))


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 15), min_size=6, max_size=6), min_size=1, max_size=20))
def test_it_is_the_size_of_the_set_of_codes_at_all_sites(make_evidence, codes):
    expected = len({code for latent in codes for code in latent}) / 16
    assert measured(make_evidence, Discrete((16,), (2, 3)), torch.tensor(codes)) == expected


def test_a_code_counts_whole_even_if_it_occurs_once(make_evidence):
    codes = torch.zeros(1000, 1, dtype=torch.int64)
    codes[500] = 3
    assert measured(make_evidence, Discrete((4,)), codes) == 2 / 4


def test_several_codebooks_give_the_mean_of_their_shares(make_evidence):
    codes = torch.stack([torch.arange(8), torch.zeros(8, dtype=torch.int64)], dim=1)
    assert measured(make_evidence, Discrete((8, 100)), codes) == pytest.approx((1 + 0.01) / 2)


def test_components_of_a_mixture_are_codes(make_evidence):
    assert measured(make_evidence, Mixture(10, 2), torch.tensor([[3], [4]])) == 2 / 10


def test_atoms_of_sparse_latents_are_counted_over_all_slots_whatever_their_coefficients(
    make_evidence,
):
    codes = torch.tensor([[0, 1], [1, 2], [0, 2]])
    assert measured(make_evidence, Sparse(12, 2), codes) == 3 / 12


def test_it_objects_to_latents_without_codes():
    assert (
        CodesUsed().objection((1, 8, 8), Continuous(8))
        == "needs codes, and continuous latents have none"
    )
    assert CodesUsed().objection((1, 8, 8), Sparse(4, 2)) is None


def test_codes_that_are_possible_and_not_in_use_take_no_memory(make_evidence):
    codes = (torch.arange(1024) * 2**26)[:, None]
    assert measured(make_evidence, Discrete((2**36,)), codes) == 2**-26
