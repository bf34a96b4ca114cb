"""Lookup-free quantisation against sums over all codes in float64."""

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from samplebench import Discrete, seeded
from samplebench.autoencoder_training import train_autoencoder
from samplebench.training import Budget
from samplebench_quantized.lfq import SignQuantiser, entropy_of_mean, lfq


def corners(bits):
    """All codes as corners of the cube, the first bit changing fastest."""
    signs = [corner[::-1] for corner in itertools.product([-1.0, 1.0], repeat=bits)]
    return torch.tensor(signs, dtype=torch.float64)


def draws(*shape, seed=0):
    with seeded(seed, "draws"):
        return torch.randn(*shape)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 7), st.floats(0.05, 3), st.floats(0, 2), st.floats(0.2, 5), st.integers())
def test_the_entropies_are_those_of_the_softmax_over_all_codes(
    bits, entropy, diversity, temperature, seed
):
    sites = draws(3, 5, bits, seed=seed).requires_grad_()
    ours = SignQuantiser(bits, entropy=entropy, diversity=diversity, temperature=temperature)
    found = ours(sites)[1]["entropy"]
    exact_sites = sites.detach().double().requires_grad_()
    distances = (exact_sites.view(-1, 1, bits) - corners(bits)).square().sum(-1)
    posteriors = torch.softmax(-distances / temperature, dim=1)
    each = torch.special.entr(posteriors).sum(1).mean()
    exact = entropy * (each - diversity * torch.special.entr(posteriors.mean(0)).sum())
    torch.testing.assert_close(found.double(), exact, rtol=1e-4, atol=1e-4)
    ours_pull, exact_pull = (
        torch.autograd.grad(term, at)[0] for term, at in ((found, sites), (exact, exact_sites))
    )
    torch.testing.assert_close(ours_pull.double(), exact_pull, rtol=1e-3, atol=1e-4)


def test_saturated_sites_have_finite_entropies_and_gradients():
    sites = (1e4 * draws(3, 5, 6)).requires_grad_()
    term = SignQuantiser(6)(sites)[1]["entropy"]
    term.backward()
    assert term.isfinite()
    assert sites.grad.isfinite().all()


def test_the_entropy_of_the_mean_posterior_is_computed_in_single_precision():
    logits = draws(600, 9)
    with torch.autocast("cpu", torch.bfloat16):
        found = float(entropy_of_mean(logits))
    assert found == float(entropy_of_mean(logits))


@pytest.mark.parametrize("bits", [1, 2, 5])
def test_a_code_is_the_nearest_corner(bits):
    ours, sites = SignQuantiser(bits), draws(4, 6, bits)
    nearest = torch.cdist(sites.double(), corners(bits)).argmin(-1)
    codes = ours.encode(sites).codes
    assert torch.equal(codes[..., 0], nearest)
    space = ours.space((6,))
    assert space == Discrete((2**bits,), (6,))
    decoded = ours.decode(space.pack(codes=codes))
    assert torch.equal(decoded.double(), corners(bits)[nearest])
    assert torch.equal(ours(sites)[0].round(), decoded)


def test_the_commitment_is_the_squared_distance_to_the_signs():
    sites = torch.tensor([[[0.5, -3.0], [-1.0, 2.0]]]).requires_grad_()
    shown, terms = SignQuantiser(2, commitment=0.5)(sites)
    assert float(terms["commitment"].detach()) == pytest.approx(0.5 * (0.25 + 4 + 0 + 1) / 4)
    (pull,) = torch.autograd.grad(terms["commitment"], sites, retain_graph=True)
    torch.testing.assert_close(pull, 0.5 * 2 * torch.tensor([[[-0.5, -2.0], [0.0, 1.0]]]) / 4)
    (straight,) = torch.autograd.grad(shown.sum(), sites)
    assert torch.equal(straight, torch.ones_like(straight))


@pytest.mark.slow
def test_training_reconstructs_held_out_digits_far_better_with_many_codes():
    images = torch.tensor(load_digits().images[:, None] / 16, dtype=torch.float32)
    learned, held_out = images[:1400], images[1400:]
    errors = []
    with seeded(0, "test"):
        model = lfq((1, 8, 8), bits=6, width=16, halvings=1, likelihood="bernoulli").eval()
        for epochs in (0, 10):
            if epochs:
                budget = Budget(epochs=epochs, batch=64, learning_rate=3e-3)
                train_autoencoder(model, learned, budget)
            with torch.no_grad():
                latents = model.encode(held_out)
                errors.append(float((model.decode(latents) - held_out).square().mean()))
    assert errors[1] < 0.35 * errors[0]
    assert len(latents.codes.unique()) > 20


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"bits": 0}, "bits lie in 1"),
        ({"bits": 99}, "bits lie in 1"),
        ({"entropy": -1.0}, "not negative"),
        ({"temperature": 0.0}, "temperature is positive"),
    ],
    ids=str,
)
def test_a_setting_out_of_range_is_refused(settings, said):
    with pytest.raises(ValueError, match=said):
        lfq((1, 8, 8), **settings)
