"""Finite scalar quantisation against its formula, digit by digit."""

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from samplebench import Discrete, seeded
from samplebench.autoencoder_training import train_autoencoder
from samplebench.registry.spec import parse
from samplebench.training import Budget
from samplebench_quantized.fsq import ScalarQuantiser, fsq

LEVELS = st.lists(st.integers(2, 9), min_size=1, max_size=4)


def level(z, count):
    """The level of one real, from −⌊L/2⌋ up, in plain floating point."""
    half = (count - 1) * 1.001 / 2
    offset = 0.5 if count % 2 == 0 else 0.0
    return round(math.tanh(z + math.atanh(offset / half)) * half - offset)


@settings(deadline=None, max_examples=40)
@given(LEVELS, st.integers(), st.floats(0.1, 30))
def test_codes_are_the_mixed_radix_numbers_of_the_levels(levels, seed, scale):
    ours = ScalarQuantiser(levels)
    with seeded(seed, "sites"):
        sites = scale * torch.randn(2, 3, len(levels), dtype=torch.float64)
    codes = ours.encode(sites.float()).codes
    for site, code in zip(sites.float().view(-1, len(levels)), codes.flatten(), strict=True):
        expected, place = 0, 1
        for z, count in zip(site.tolist(), levels, strict=True):
            expected += place * (level(z, count) + count // 2)
            place *= count
        assert code == expected


@settings(deadline=None, max_examples=20)
@given(LEVELS.filter(lambda levels: math.prod(levels) <= 2000))
def test_the_codes_are_all_combinations_of_levels_between_minus_one_and_one(levels):
    ours = ScalarQuantiser(levels)
    space = ours.space((1,))
    assert space == Discrete((math.prod(levels),), (1,))
    codes = torch.arange(math.prod(levels))
    decoded = ours.decode(space.pack(codes=codes)).flatten(0, 1)
    choices = [[(d - n // 2) / (n // 2) for d in range(n)] for n in reversed(levels)]
    expected = [combination[::-1] for combination in itertools.product(*choices)]
    torch.testing.assert_close(decoded, torch.tensor(expected))


def test_in_training_the_decoder_gets_what_the_codes_decode_to():
    ours, sites = ScalarQuantiser((8, 6, 5)), torch.linspace(-3, 3, 300).view(5, 20, 3)
    shown, terms = ours(sites)
    space = ours.space((20,))
    torch.testing.assert_close(shown, ours.decode(space.pack(codes=ours.encode(sites).codes)))
    assert not terms


def test_the_gradient_is_that_of_the_bounded_site():
    sites = torch.linspace(-2, 2, 18).view(2, 3, 3).requires_grad_()
    shown, _ = ScalarQuantiser((8, 6, 5))(sites)
    shown.sum().backward()
    for channel, count in enumerate((8, 6, 5)):
        half, offset = (count - 1) * 1.001 / 2, 0.5 if count % 2 == 0 else 0.0
        inside = sites.detach()[..., channel] + math.atanh(offset / half)
        expected = half / torch.cosh(inside).square() / (count // 2)
        torch.testing.assert_close(sites.grad[..., channel], expected)


def test_the_levels_can_be_written_in_a_spec():
    levels = parse("fsq(levels=(4, 3))").settings["levels"]
    assert fsq((1, 8, 8), levels=levels, width=8).latent_space == Discrete((12,), (2, 2))


def test_training_reconstructs_held_out_digits_far_better():
    images = torch.tensor(load_digits().images[:, None] / 16, dtype=torch.float32)
    learned, held_out = images[:1400], images[1400:]
    errors = []
    with seeded(0, "test"):
        model = fsq((1, 8, 8), width=16, halvings=1, likelihood="bernoulli").eval()
        for epochs in (0, 4):
            if epochs:
                budget = Budget(epochs=epochs, batch=64, learning_rate=3e-3)
                train_autoencoder(model, learned, budget)
            with torch.no_grad():
                decoded = model.decode(model.encode(held_out))
            errors.append(float((decoded - held_out).square().mean()))
    assert errors[1] < 0.25 * errors[0]


def test_far_sites_have_the_outermost_codes_with_as_many_levels_as_there_may_be():
    part = ScalarQuantiser((1000,))
    found = part.encode(torch.tensor([[[-30.0], [30.0]]])).codes
    assert found.flatten().tolist() == [0, 999]


@pytest.mark.parametrize("levels", [(), (8, 1), (0,), (8, 1001)], ids=str)
def test_levels_out_of_range_are_refused(levels):
    with pytest.raises(ValueError, match="one number in 2…1000 for each channel"):
        fsq((1, 8, 8), levels=levels)


@pytest.mark.parametrize(
    ("levels", "codes"),
    [((16,) * 16, "18,446,744,073,709,551,616"), ((2,) * 63, "9,223,372,036,854,775,808")],
    ids=["2^64", "2^63"],
)
def test_more_codes_than_an_integer_holds_are_refused_with_their_number(levels, codes):
    with pytest.raises(ValueError, match=f"make {codes} codes"):
        fsq((1, 8, 8), levels=levels)


def test_as_many_codes_as_an_integer_holds_have_codes_of_their_own():
    part = ScalarQuantiser((2,) * 62)
    sites = torch.where(torch.rand(20, 1, 62) < 0.5, -9.0, 9.0)
    codes = part.encode(sites).codes
    latents = part.space((1,)).pack(codes=codes)
    assert codes.min() >= 0
    assert torch.equal(part.decode(latents).sign() < 0, sites < 0)
