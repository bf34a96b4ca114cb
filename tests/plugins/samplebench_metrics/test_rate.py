"""Nominal rates, in bits at a site and in an image, against counts of what can be written."""

import itertools
import math

import pytest
import scipy.special
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from samplebench import Continuous, Discrete, LatentSpace, Mixture, Sparse
from samplebench_metrics.bits_per_image import BitsPerImage
from samplebench_metrics.bits_per_site import BitsPerSite

METRICS = (BitsPerSite, BitsPerImage)


def rates(make_evidence, space: LatentSpace, values=None, codes=None, **settings):
    """Bits at a site and in an image; the numbers in the latents are 0 unless they are given."""
    if values is None:
        values = torch.zeros(3, space.sites * space.value_width)
    if codes is None:
        site = torch.arange(space.code_width) * isinstance(space, Sparse)
        codes = site.repeat(len(values), space.sites)
    evidence = make_evidence(test_latents=space.pack(values=values, codes=codes))
    return tuple(metric(**settings).measure(evidence) for metric in METRICS)


@settings(deadline=None)
@given(st.lists(st.integers(1, 6), min_size=1, max_size=4))
def test_codes_take_the_bits_that_number_all_their_combinations(make_evidence, sizes):
    combinations = len(list(itertools.product(*map(range, sizes))))
    at_a_site, _ = rates(make_evidence, Discrete(tuple(sizes), (2,)))
    assert 2**at_a_site == pytest.approx(combinations)


@settings(deadline=None)
@given(st.integers(1, 9), st.data())
def test_supports_take_the_bits_that_number_them_and_coefficients_theirs(
    make_evidence, atoms, data
):
    active = data.draw(st.integers(1, atoms))
    supports = len(list(itertools.combinations(range(atoms), active)))
    at_a_site, _ = rates(make_evidence, Sparse(atoms, active), value_bits=8.0)
    assert 2 ** (at_a_site - 8 * active) == pytest.approx(supports)


def test_the_supports_of_a_dictionary_of_usual_size_agree_with_scipy(make_evidence):
    supports = scipy.special.comb(512, 8, exact=True)
    at_a_site, in_an_image = rates(make_evidence, Sparse(512, 8, (7, 7)))
    assert at_a_site == pytest.approx(8 * 32 + math.log(supports) / math.log(2), rel=1e-12)
    assert in_an_image == pytest.approx(49 * at_a_site)


@pytest.mark.parametrize(
    ("space", "at_a_site", "in_an_image"),
    [
        (Discrete((512,), (7, 7)), 9, 441),
        (Discrete((512, 512, 4), (2, 3)), 20, 120),
        (Discrete((1,)), 0, 0),
        (Continuous(16), 512, 512),
        (Continuous(4, (8, 8)), 128, 8192),
        (Sparse(5, 5), 160, 160),
    ],
)
def test_rates_of_usual_latents(make_evidence, space, at_a_site, in_an_image):
    assert rates(make_evidence, space) == (at_a_site, in_an_image)


def test_reals_take_the_bits_that_they_are_said_to(make_evidence):
    assert rates(make_evidence, Continuous(3, (2, 2)), value_bits=1.5) == (4.5, 18)


def test_a_mixture_whose_components_determine_the_values_takes_no_bits_for_them(make_evidence):
    codebook = torch.randn(8, 5, generator=torch.Generator().manual_seed(0))
    codes = torch.tensor([[0, 3, 3], [7, 0, 2], [2, 3, 7]])
    space = Mixture(8, 5, (3,))
    assert rates(make_evidence, space, codebook[codes].flatten(1), codes) == (3, 9)


@pytest.mark.parametrize("place", range(9))
def test_a_mixture_with_one_value_of_its_own_takes_bits_for_all(make_evidence, place):
    codebook = torch.randn(8, 5, generator=torch.Generator().manual_seed(0))
    codes = torch.tensor([[0, 3, 3], [7, 0, 2], [2, 3, 7]])
    values = codebook[codes].flatten(0, 1)  # (samples x sites, channels)
    values[place, 4] += 1e-6
    at_a_site, in_an_image = rates(
        make_evidence, Mixture(8, 5, (3,)), values.reshape(3, 15), codes
    )
    assert (at_a_site, in_an_image) == (3 + 5 * 32, 3 * (3 + 5 * 32))


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("value_bits", [0.0, -1.0, math.inf, math.nan])
def test_reals_of_no_bits_or_infinitely_many_are_refused(metric, value_bits):
    with pytest.raises(ValueError, match="value_bits must be positive and finite"):
        metric(value_bits=value_bits)


@pytest.mark.parametrize("metric", METRICS)
def test_every_kind_of_latents_has_a_rate(metric):
    spaces = (Continuous(2), Discrete((3,)), Mixture(3, 2), Sparse(3, 2))
    assert [metric().objection((1, 8, 8), space) for space in spaces] == [None] * 4


def test_components_that_are_possible_and_not_in_use_take_no_memory(make_evidence):
    codes = torch.tensor([[0], [2**40], [0], [2**40]])
    values = torch.tensor([[1.0], [2.0], [1.0], [2.0]])
    assert rates(make_evidence, Mixture(2**41, 1), values, codes) == (41, 41)
