"""SQ-VAE: its terms against the formulas, the learned variance, and that it learns."""

import pytest
import torch
from sklearn.datasets import load_digits

from samplebench import Discrete, seeded
from samplebench.autoencoder_training import train_autoencoder
from samplebench.training import Budget
from samplebench_quantized.sq_vae import StochasticQuantiser, sq_vae

PIXELS = 96


def quantiser(variance=1.0) -> StochasticQuantiser:
    with seeded(0, "quantiser"):
        return StochasticQuantiser(
            codes=7,
            channels=3,
            pixels=PIXELS,
            variance=variance,
            temperature=1.0,
            final_temperature=0.3,
        )


def sites():
    with seeded(0, "sites"):
        return torch.randn(4, 6, 3)


def test_the_terms_are_the_papers_divided_by_the_number_of_pixels():
    ours = quantiser(variance=0.8)
    shown, terms = ours(sites())
    points = sites().flatten(0, 1).double()
    distances = torch.cdist(points, ours.codebook.detach().double()).square()
    posterior = (-distances / (2 * 0.8)).softmax(1)
    entropy = float((posterior * posterior.log()).sum(1).mean())
    gap = float((points - shown.detach().flatten(0, 1)).square().sum(1).mean()) / (2 * 0.8)
    assert float(terms["entropy"].detach()) == pytest.approx(6 / PIXELS * entropy, rel=1e-5)
    assert float(terms["gap"].detach()) == pytest.approx(6 / PIXELS * gap, rel=1e-5)


def test_the_variance_is_learned():
    ours = quantiser()
    _, terms = ours(sites())
    sum(terms.values()).backward()
    assert float(ours.log_variance.grad) != 0


def test_latents_are_the_nearest_codes():
    with seeded(0, "network"):
        model = sq_vae((1, 16, 12), codes=7, channels=3, width=8).eval()
    assert model.latent_space == Discrete((7,), (4, 3))
    images = torch.rand(5, 1, 16, 12)
    with torch.no_grad():
        proxies = model.bottleneck.proxies(model.encoder(images).flatten(2).mT)
        codes = model.encode(images).codes.flatten()
        book = model.bottleneck.codebook
        assert torch.equal(codes, torch.cdist(proxies, book).argmin(1))
        latents = model.encode(images)
        shown = model.bottleneck.decode(latents)
    assert torch.equal(shown.flatten(0, 1), book.detach()[codes])


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"codes": 0}, "codes"), ({"variance": 0.0}, "variance"), ({"temperature": -1.0}, "temp")],
)
def test_a_setting_out_of_range_is_named(settings, words):
    with pytest.raises(ValueError, match=words):
        sq_vae((1, 8, 8), **settings)


@pytest.mark.slow
def test_it_learns_digits_with_many_of_its_codes():
    images = torch.tensor(load_digits().images[:, None] / 16, dtype=torch.float32)
    learned, held_out = images[:1400], images[1400:]
    with seeded(0, "network"):
        model = sq_vae((1, 8, 8), codes=32, channels=8, width=16, halvings=1)
    with seeded(0, "train"):
        train_autoencoder(model, learned, Budget(epochs=15, batch=64, learning_rate=2e-3))
    with torch.no_grad():
        latents = model.encode(held_out)
        error = (model.decode(latents) - held_out).square().mean()
    assert error < 0.4 * (learned.mean(0) - held_out).square().mean()
    assert len(latents.codes.unique()) > 16
