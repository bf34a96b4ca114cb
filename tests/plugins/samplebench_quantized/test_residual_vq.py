"""Residual quantisation against a plain loop over depths."""

import pytest
import torch
from sklearn.datasets import load_digits

from samplebench import Discrete, seeded
from samplebench.autoencoder_training import train_autoencoder
from samplebench.training import Budget
from samplebench_quantized.residual_vq import ResidualQuantiser, residual_vq
from samplebench_quantized.vector_quantiser import VectorQuantiser

SMALL = {"width": 16, "halvings": 1, "likelihood": "bernoulli"}


def draws(*shape, seed=0):
    with seeded(seed, "draws"):
        return torch.randn(*shape)


def quantiser(depth=3, **settings):
    with seeded(0, "quantiser"):
        return ResidualQuantiser(
            *(VectorQuantiser(codes=6, channels=4, **settings) for _ in range(depth))
        )


def by_hand(ours, sites):
    """Codes (…, depth), and the sum of codewords after each depth."""
    codes, sums = [], [torch.zeros_like(sites)]
    for each in ours.quantisers:
        words = each.codebook.detach().to(sites)
        left = (sites - sums[-1])[..., None, :]  # (…, 1, channels)
        codes.append((left - words).square().sum(-1).argmin(-1))
        sums.append(sums[-1] + words[codes[-1]])
    return torch.stack(codes, -1), sums[1:]


def test_each_code_is_nearest_to_the_residual_of_the_earlier_ones():
    ours, sites = quantiser().eval(), draws(3, 5, 4)
    codes, sums = by_hand(ours, sites.double())
    assert torch.equal(ours.encode(sites).codes, codes)
    space = ours.space((5,))
    assert space == Discrete((6, 6, 6), (5,))
    decoded = ours.decode(space.pack(codes=codes))
    torch.testing.assert_close(decoded.detach(), sums[-1].float())


@pytest.mark.parametrize("update", ["ema", "gradient"])
def test_the_commitment_is_on_every_partial_sum(update):
    ours = quantiser(update=update, commitment=0.5).eval()
    sites = draws(3, 5, 4).requires_grad_()
    shown, terms = ours(sites)
    _, sums = by_hand(ours, sites.detach())
    torch.testing.assert_close(shown.detach(), sums[-1])
    expected = sum(0.5 * (sites - partial).square().mean() for partial in sums)
    torch.testing.assert_close(terms["commitment"], expected)
    pull, pull_by_hand = (
        torch.autograd.grad(term, sites, retain_graph=True)[0]
        for term in (terms["commitment"], expected)
    )
    torch.testing.assert_close(pull, pull_by_hand)
    if update == "gradient":
        torch.testing.assert_close(terms["codebook"], expected / 0.5)
        torch.autograd.backward(terms["codebook"])
        assert sites.grad is None
        assert all(each.codebook.grad.abs().sum() > 0 for each in ours.quantisers)


def test_the_gradient_passes_straight_through():
    ours, sites = quantiser().eval(), draws(3, 5, 4).requires_grad_()
    weights = draws(3, 5, 4, seed=1)
    (ours(sites)[0] * weights).sum().backward()
    torch.testing.assert_close(sites.grad, weights)


def test_each_codebook_starts_from_the_residual_of_the_earlier_ones():
    ours, sites = quantiser(), draws(20, 30, 4) + 10
    ours.begin(sites)
    _, sums = by_hand(ours, sites)
    left = [float((sites - partial).square().mean()) for partial in sums]
    assert left[0] < 1  # the variance of the sites
    assert left[1] < 0.8 * left[0]
    assert left[2] < 0.8 * left[1]


def test_depth_one_is_the_vector_quantiser():
    with seeded(0, "quantiser"):
        single = VectorQuantiser(codes=6, channels=4)
    row, sites = quantiser(depth=1), draws(3, 5, 4)
    for _ in range(2):
        shown, terms = row(sites)
        shown_by_one, terms_of_one = single(sites)
        torch.testing.assert_close(shown, shown_by_one)
        torch.testing.assert_close(terms["commitment"], terms_of_one["commitment"])
    assert torch.equal(row.quantisers[0].codebook, single.codebook)


def test_training_reconstructs_held_out_digits_far_better_and_uses_every_depth():
    images = torch.tensor(load_digits().images[:, None] / 16, dtype=torch.float32)
    learned, held_out = images[:1400], images[1400:]
    with seeded(0, "test"):
        model = residual_vq((1, 8, 8), depth=3, codes=16, channels=8, **SMALL).eval()
        errors = []
        for epochs in (0, 4):
            if epochs:
                budget = Budget(epochs=epochs, batch=64, learning_rate=3e-3)
                train_autoencoder(model, learned, budget)
            with torch.no_grad():
                latents = model.encode(held_out)
                errors.append(float((model.decode(latents) - held_out).square().mean()))
    assert errors[1] < 0.25 * errors[0]
    assert all(len(column.unique()) > 8 for column in latents.codes.flatten(0, -2).T)


def test_a_depth_of_zero_is_refused():
    with pytest.raises(ValueError, match="depth is at least 1"):
        residual_vq((1, 8, 8), depth=0)


def test_quantisers_of_different_channels_are_refused():
    with pytest.raises(ValueError, match="same channels"):
        ResidualQuantiser(
            VectorQuantiser(codes=4, channels=2), VectorQuantiser(codes=4, channels=3)
        )
