"""Latents in other units: whatever the unit, samplers learn one distribution."""

import math

import numpy as np
import pytest
import torch
from sklearn import mixture

from samplebench import Continuous, seeded
from samplebench_codes import GMVQ, CodeHistogram
from samplebench_density import KDE, PMFS, Copula, Gaussian, GaussianMixture, JitteredResample
from samplebench_density.vectors.statistics import Statistics
from samplebench_dictionary import DictionarySampler

POWERS = [-120, -76, 66, 120]
DENSITIES = [
    KDE,
    Copula,
    Gaussian,
    JitteredResample,
    lambda: GaussianMixture(components=3),
    lambda: GMVQ(components=3, epochs=2, prior=CodeHistogram()),
]


def some(count=300, width=3):
    with seeded(0, "latents"):
        return torch.randn(count, width) + 3 * torch.randint(2, (count, 1))


def fit(sampler, values):
    with seeded(1, "fit"):
        sampler.fit(Continuous(values.shape[1]).pack(values=values))
    return sampler


@pytest.mark.parametrize("scale", [1, 1e18, 1e-20, 1e20, 1e-23, 1e37, 1e-37])
def test_scotts_rule_gives_as_many_bins_in_any_unit(scale):
    values = torch.linspace(0, 1, 1000)[:, None] * scale
    sampler = fit(PMFS(bins="scott"), values)
    assert sampler.state()["grid_bins"].tolist() == [10]


@pytest.mark.parametrize("power", POWERS)
def test_statistics_are_those_in_another_unit_bit_for_bit(power):
    values = some()
    plain, scaled = Statistics.of(values), Statistics.of(values * 2.0**power)
    assert torch.equal(scaled.mean, plain.mean * 2.0**power)
    assert torch.equal(scaled.std, plain.std * 2.0**power)


@pytest.mark.parametrize("power", POWERS)
@pytest.mark.parametrize("factory", DENSITIES, ids=lambda factory: factory().__class__.__name__)
def test_a_density_in_another_unit_is_that_density_stretched(factory, power):
    values = some()
    plain, scaled = fit(factory(), values), fit(factory(), values * 2.0**power)
    space = Continuous(values.shape[1])
    expected = plain.log_prob(space.pack(values=values)) - 3 * power * math.log(2)
    found = scaled.log_prob(space.pack(values=values * 2.0**power))
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("power", POWERS)
@pytest.mark.parametrize(
    "factory",
    [
        PMFS,
        lambda: PMFS(range="std"),
        lambda: DictionarySampler(atoms=8, active=2, epochs=2, prior=CodeHistogram()),
    ],
)
def test_draws_in_another_unit_are_the_draws_multiplied(factory, power):
    values = some()
    drawn = []
    for unit in (1.0, 2.0**power):
        sampler = fit(factory(), values * unit)
        with seeded(2, "draws"):
            drawn.append(sampler.sample(100).values / unit)
    torch.testing.assert_close(drawn[1], drawn[0], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("covariance", ["full", "diagonal", "tied"])
def test_the_ridge_is_as_small_in_narrow_dimensions_as_in_wide_ones(covariance):
    """Against scikit-learn, whose ridge has a fixed size, on standardised data."""
    rng = np.random.default_rng(0)
    points = rng.normal(size=(2000, 3)) @ np.array([[1, 0.5, 0], [0, 1, 0.3], [0, 0, 1]])
    points[:1000] += 6
    std = points.std(0)
    kind = {"diagonal": "diag"}.get(covariance, covariance)
    their = mixture.GaussianMixture(2, covariance_type=kind, tol=1e-9, max_iter=1000)
    expected = their.fit((points - points.mean(0)) / std).score_samples(
        (points - points.mean(0)) / std
    )
    stretch = np.array([1.0, 1e-3, 1e-6])
    values = torch.from_numpy(points * stretch)
    sampler = fit(
        GaussianMixture(components=2, covariance=covariance, tolerance=1e-9, iterations=1000),
        values,
    )
    found = sampler.log_prob(Continuous(3).pack(values=values)).numpy()
    np.testing.assert_allclose(found + np.log(std * stretch).sum(), expected, atol=1e-3)


@pytest.mark.parametrize("covariance", ["full", "diagonal"])
def test_a_gaussian_keeps_the_variance_of_a_narrow_dimension(covariance):
    values = some().double() * torch.tensor([1.0, 1e-3, 1e-6])
    sampler = fit(Gaussian(covariance=covariance), values)
    factors = sampler.state()["factors"][0]
    found = factors @ factors.mT if covariance == "full" else factors.square().diag()
    expected = values.var(0, correction=0) * (1 + 1e-6)
    torch.testing.assert_close(found.diagonal(), expected, rtol=1e-9, atol=0)
