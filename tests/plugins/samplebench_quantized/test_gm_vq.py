"""GM-VQ: its terms against the formulas, hard codes at test time, and that it learns."""

import math

import pytest
import torch
from sklearn.datasets import load_digits

from samplebench import Mixture, seeded
from samplebench.autoencoder_training import train_autoencoder
from samplebench.training import Budget
from samplebench_quantized.gm_vq import GaussianMixtureBottleneck, gm_vq
from samplebench_quantized.relaxed_assignment import assign_softly

PIXELS = 96


SOME = {
    "gamma": 0.1,
    "entropy": 1.0,
    "sigma": 1.0,
    "temperature": 1.0,
    "final_temperature": 0.3,
    "encoding": "codeword",
}


def bottleneck(**settings) -> GaussianMixtureBottleneck:
    with seeded(0, "bottleneck"):
        return GaussianMixtureBottleneck(
            components=7, channels=3, pixels=PIXELS, **{**SOME, **settings}
        )


def sites(seed=0):
    with seeded(seed, "sites"):
        return torch.randn(4, 6, 3)


def as_floats(terms):
    return {name: float(term.detach()) for name, term in terms.items()}


def model(**settings):
    with seeded(0, "network"):
        return gm_vq((1, 16, 12), components=7, channels=3, width=8, **settings).eval()


@pytest.fixture(scope="module")
def digits():
    images = torch.tensor(load_digits().images[:, None] / 16, dtype=torch.float32)
    return images[:1400], images[1400:]


def test_the_terms_are_the_papers_divided_by_the_number_of_pixels():
    ours = bottleneck(gamma=0.3, entropy=2.0, sigma=0.8)
    points = sites().flatten(0, 1).double()
    distances = torch.cdist(points, ours.means.detach().double()).square()
    posterior = (-distances / (2 * 0.8**2)).softmax(1)
    mean = posterior.mean(0)
    divergence = math.log(7) + float((mean * mean.log()).sum())
    latent = float((posterior * distances).sum(1).mean())
    terms = as_floats(ours(sites())[1])
    assert terms["latent"] == pytest.approx(0.3 * 6 / PIXELS * latent, rel=1e-5)
    assert terms["divergence"] == pytest.approx(2.0 * 6 / PIXELS * divergence, rel=1e-4)


def test_the_decoder_gets_the_mixed_codewords_and_noise_of_the_papers_variance():
    """sigma^2 = sum_c y_c ||z - mu_c||^2 / (2 sigma^2 D)."""
    ours = bottleneck(sigma=0.8)
    many = sites()[:1, :1].expand(1, 40_000, 3)
    ours.before_step(0.999)
    with torch.no_grad():
        ours.heat.fill_(1e4)  # weights are equal then
        shown = ours(many)[0][0].double()
        distances = torch.cdist(many[0, :1].double(), ours.means.double()).square()
    expected = float(distances.mean()) / (2 * 0.8**2 * 3)
    torch.testing.assert_close(
        shown.mean(0), ours.means.detach().double().mean(0), atol=0.03, rtol=0
    )
    torch.testing.assert_close(
        shown.var(0), torch.full((3,), expected).double(), rtol=0.05, atol=0
    )


def test_the_temperature_falls_by_the_same_factor_each_step():
    ours = bottleneck(temperature=2.0, final_temperature=0.02)
    seen = []
    for done in (0.0, 0.25, 0.5, 0.75):
        ours.before_step(done)
        seen.append(float(ours.heat))
    assert seen == pytest.approx([2.0, 2 / 10**0.5, 0.2, 0.2 / 10**0.5])


def test_it_starts_from_data_on_a_scale_of_one():
    ours = bottleneck()
    first = 5 + 0.01 * sites()
    ours.begin(first)
    with torch.no_grad():
        proxies = ours.proxies(first)
    torch.testing.assert_close(proxies.mean(0), torch.zeros(3), atol=1e-3, rtol=0)
    torch.testing.assert_close(proxies.std(0, correction=0), torch.ones(3), atol=1e-3, rtol=0)
    assert float(torch.cdist(ours.means.detach(), proxies).amin(1).max()) < 2


def test_a_latent_is_the_nearest_codeword_and_says_which():
    ours = model()
    assert ours.latent_space == Mixture(7, 3, (4, 3))
    with torch.no_grad():
        latents = ours.encode(torch.rand(5, 1, 16, 12))
        proxies = model(encoding="proxy").encode(torch.rand(5, 1, 16, 12))
    means = ours.bottleneck.means.detach()
    assert torch.equal(latents.values, means[latents.codes[..., 0]])
    nearest = torch.cdist(proxies.values.flatten(0, -2), means).argmin(1)
    assert torch.equal(proxies.codes.flatten(), nearest)
    assert not torch.equal(proxies.values, means[proxies.codes[..., 0]])


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"components": 0}, "components"),
        ({"gamma": -1.0}, "gamma"),
        ({"entropy": -1.0}, "entropy"),
        ({"sigma": 0.0}, "sigma"),
        ({"temperature": 0.0}, "temperatures"),
    ],
)
def test_a_setting_out_of_range_is_named(settings, words):
    with pytest.raises(ValueError, match=words):
        gm_vq((1, 8, 8), **settings)


def test_hard_codes_reconstruct_held_out_digits_and_many_are_used(digits):
    learned, held_out = digits
    with seeded(0, "network"):
        ours = gm_vq((1, 8, 8), components=32, channels=8, width=16, halvings=1)
    with seeded(0, "train"):
        budget = Budget(epochs=8, batch=64, learning_rate=2e-3)
        train_autoencoder(ours, learned, budget)
    with torch.no_grad():
        latents = ours.encode(held_out)
        error = (ours.decode(latents) - held_out).square().mean()
    assert error < 0.5 * (learned.mean(0) - held_out).square().mean()
    assert len(latents.codes.unique()) > 16


@pytest.mark.slow
def test_a_heavier_entropy_weight_uses_codes_more_evenly(digits):
    """The mean posterior comes nearer to uniform."""
    entropies = []
    for weight in (0.0, 10.0):
        with seeded(0, "network"):
            ours = gm_vq(
                (1, 8, 8), components=32, channels=8, width=16, halvings=1, entropy=weight
            )
        with seeded(0, "train"):
            train_autoencoder(ours, digits[0], Budget(epochs=5, batch=64, learning_rate=2e-3))
        with torch.no_grad():
            proxies = ours.bottleneck.proxies(ours.encoder(digits[1]).flatten(2).mT)
            sums = assign_softly(
                proxies,
                ours.bottleneck.means,
                scale=ours.bottleneck.scale,
                temperature=ours.bottleneck.heat,
            )
        entropies.append(float(torch.special.entr(sums.shares).sum()))
    assert entropies[1] > entropies[0]
