"""The second VAE: its bound and its draws against quadrature and closed forms."""

import math

import numpy as np
import pytest
import torch
from scipy import stats

from samplebench import Continuous, DensitySampler, seeded
from samplebench_neural import TwoStageVAE
from samplebench_neural.two_stage_vae import VAEModel


def arbitrary_model(dimensions: int = 1) -> VAEModel:
    with seeded(0, "weights"):
        model = VAEModel(dimensions, (8,)).double()
        for weight in model.parameters():
            torch.nn.init.normal_(weight, std=0.5)
    return model


def test_the_loss_is_the_negative_bound():
    """Of one latent of one dimension, both terms by quadrature over u."""
    model = arbitrary_model()
    latent = torch.tensor([[0.7]], dtype=torch.float64)
    with torch.no_grad(), seeded(0):
        mean, log_std = model.encoder(latent)[0].tolist()
        terms = model.loss(latent.expand(400_000, 1))
        std, gamma = math.exp(log_std), float(model.log_gamma.exp())
        codes = np.linspace(mean - 9 * std, mean + 9 * std, 4001)
        decoded = model.decoder(torch.from_numpy(codes)[:, None])[:, 0].numpy()
    posterior = stats.norm(mean, std)
    weights = posterior.pdf(codes)
    divergence = np.trapezoid(
        weights * (posterior.logpdf(codes) - stats.norm.logpdf(codes)), codes
    )
    error = -np.trapezoid(weights * stats.norm.logpdf(0.7, decoded, gamma), codes)
    assert float(terms["divergence"]) == pytest.approx(divergence, rel=1e-6)
    assert float(terms["reconstruction"]) == pytest.approx(error, rel=0.01)


def test_draws_are_decoded_noise_and_noise_of_std_gamma():
    model = arbitrary_model(2)
    with torch.no_grad(), seeded(0):
        code = torch.tensor([[0.3, -1.0]], dtype=torch.float64)
        draws = model.transform(code.expand(20_000, 2))
        left = (draws - model.decoder(code)) / model.log_gamma.exp()
    assert stats.kstest(left.flatten().numpy(), "norm").pvalue > 1e-3
    assert abs(float(torch.corrcoef(left.T)[0, 1])) < 0.05


def test_it_states_no_density():
    assert not issubclass(TwoStageVAE, DensitySampler)


MODES = (-1.5, 2.0)
"""Of a mixture on a line, with stds 0.5, the first of weight 0.7."""


@pytest.fixture(scope="module")
def fit_of_mixture() -> TwoStageVAE:
    with seeded(0):
        places = torch.where(torch.rand(6000) < 0.7, *MODES) + 0.5 * torch.randn(6000)
        sampler = TwoStageVAE(hidden=(64, 64), steps=3000, learning_rate=3e-3)
        sampler.fit(Continuous(1).pack(values=50 * places))
    return sampler


def distribution(places: np.ndarray) -> np.ndarray:
    low, high = (stats.norm.cdf(places, mode, 0.5) for mode in MODES)
    return 0.7 * low + 0.3 * high


@pytest.mark.slow
def test_draws_follow_a_mixture(fit_of_mixture):
    """Within 0.08 of its distribution function; a Gaussian would be at more than 0.12."""
    with seeded(1):
        draws = fit_of_mixture.sample(20_000).values[:, 0].numpy() / 50
    assert stats.kstest(draws, distribution).statistic < 0.08
    gaussian = stats.norm(draws.mean(), draws.std())
    places = np.linspace(-4, 4, 1000)
    assert np.abs(gaussian.cdf(places) - distribution(places)).max() > 0.12


@pytest.mark.slow
def test_the_reported_bound_is_below_the_likelihood_of_the_distribution(fit_of_mixture):
    """By at most 0.3 nats; the likelihood by quadrature, of latents 50 times as wide."""
    places = np.linspace(-5, 5, 4001)
    density = 0.7 * stats.norm.pdf(places, MODES[0], 0.5) + 0.3 * stats.norm.pdf(
        places, MODES[1], 0.5
    )
    likelihood = np.trapezoid(density * np.log(density), places) - math.log(50)
    bound = fit_of_mixture.diagnostics()["held_out_bound"]
    assert likelihood - 0.3 < bound < likelihood + 0.05
