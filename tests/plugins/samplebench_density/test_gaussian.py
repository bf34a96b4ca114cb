"""The Gaussian against numpy's moments and scipy's density."""

import numpy as np
import pytest
import torch
from scipy import stats

from samplebench import Continuous, Latents, seeded
from samplebench.settings import one_of
from samplebench_density import Gaussian


def correlated(samples: int, width: int, seed: int = 0) -> Latents:
    rng = np.random.default_rng(seed)
    mix = rng.normal(size=(width, width))
    return Continuous(width).pack(
        values=torch.from_numpy(rng.normal(size=(samples, width)) @ mix + 3)
    )


def expected_moments(
    latents: Latents, covariance: str, ridge: float
) -> tuple[np.ndarray, np.ndarray]:
    values = latents.values.double().flatten(1).numpy()
    moment = np.cov(values.T, bias=True)
    moment = moment + ridge * np.diag(np.diag(moment))
    return values.mean(0), moment if covariance == "full" else np.diag(np.diag(moment))


@pytest.mark.parametrize("covariance", ["full", "diagonal"])
@pytest.mark.parametrize("ridge", [0.0, 1e-2])
def test_the_density_is_that_of_the_empirical_moments(covariance, ridge):
    latents = correlated(300, 4)
    sampler = Gaussian(covariance=covariance, ridge=ridge)
    sampler.fit(latents)
    mean, moment = expected_moments(latents, covariance, ridge)
    expected = stats.multivariate_normal(mean, moment).logpdf(latents.values.numpy())
    np.testing.assert_allclose(sampler.log_prob(latents).numpy(), expected, rtol=1e-9)


@pytest.mark.parametrize("covariance", ["full", "diagonal"])
def test_whitened_samples_are_standard_normal(covariance):
    latents = correlated(300, 4)
    sampler = Gaussian(covariance=covariance)
    sampler.fit(latents)
    with seeded(0):
        samples = sampler.sample(20_000).values.numpy()
    mean, moment = expected_moments(latents, covariance, 1e-6)
    noise = np.linalg.solve(np.linalg.cholesky(moment), (samples - mean).T).T
    assert stats.kstest(noise.ravel(), "norm").pvalue > 1e-3
    np.testing.assert_allclose(np.cov(noise.T), np.eye(4), atol=0.05)


def test_float32_latents_far_from_the_origin_lose_no_precision():
    latents = correlated(2000, 3)
    far = Latents(latents.space, (latents.values + 1000).float(), latents.codes)
    sampler = Gaussian(ridge=0.0)
    sampler.fit(far)
    mean, moment = expected_moments(far, "full", 0.0)
    expected = stats.multivariate_normal(mean, moment).logpdf(far.values.double().numpy())
    np.testing.assert_allclose(sampler.log_prob(far).numpy(), expected, rtol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_fewer_latents_than_dimensions_span_the_samples(dtype):
    latents = correlated(10, 50)
    latents = Latents(latents.space, latents.values.to(dtype), latents.codes)
    sampler = Gaussian()
    sampler.fit(latents)
    with seeded(0):
        samples = sampler.sample(100).values.double().numpy()
    values = latents.values.double().numpy()
    mean = values.mean(0)
    span = np.linalg.svd(values - mean, full_matrices=False)[2][:9]
    inside = (samples - mean) @ span.T
    outside = (samples - mean) - inside @ span
    assert np.abs(outside).max() < 0.01 * np.abs(inside).max()


@pytest.mark.parametrize("value", [1.0, 0.1])  # the mean of many times 0.1 is not quite 0.1
def test_equal_latents_are_refused_with_a_reason(value):
    with pytest.raises(ValueError, match="all 1000 latents are equal"):
        Gaussian().fit(Continuous(2).pack(values=torch.full((1000, 2), value)))


def test_a_singular_covariance_without_a_ridge_is_refused_with_a_remedy():
    line = torch.arange(6.0)[:, None] * torch.tensor([1.0, 0.0])
    for covariance in ("full", "diagonal"):
        with pytest.raises(ValueError, match="a larger ridge"):
            Gaussian(covariance=covariance, ridge=0.0).fit(Continuous(2).pack(values=line))


def test_a_negative_ridge_is_refused():
    with pytest.raises(ValueError, match="ridge must be at least 0, not -1"):
        Gaussian(ridge=-1.0)


def test_a_value_that_is_no_choice_is_refused_with_the_choices():
    with pytest.raises(ValueError, match="covariance is one of full, diagonal, not 'round'"):
        one_of("covariance", "round", ("full", "diagonal"))
