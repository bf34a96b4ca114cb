"""The kernel density estimate against scikit-learn's, and its bandwidth against brute force."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats
from sklearn import neighbors
from sklearn.model_selection import GridSearchCV, LeaveOneOut

from samplebench import Continuous, Latents, seeded
from samplebench_density import KDE
from samplebench_density.kernels.kernel_density import KernelDensity


def clusters(samples: int = 150, width: int = 3) -> np.ndarray:
    """Two clusters, in dimensions of very different scales."""
    rng = np.random.default_rng(0)
    sides = rng.integers(0, 2, size=(samples, 1)) * 4
    return (rng.normal(size=(samples, width)) + sides) * 10.0 ** np.arange(width) + 100


def latents_of(points: np.ndarray, dtype: torch.dtype = torch.float64) -> Latents:
    return Continuous(points.shape[1]).pack(values=torch.from_numpy(points).to(dtype))


def fitted(points: np.ndarray, **settings) -> KDE:
    sampler = KDE(**settings)
    with seeded(0):
        sampler.fit(latents_of(points))
    return sampler


def left_out_likelihood(points: np.ndarray, bandwidth: float) -> float:
    """The mean log density of the points, each under the kernels of the others."""
    std = points.std(0)
    logs = stats.norm.logpdf(points[:, None], points, bandwidth * std).sum(2)
    np.fill_diagonal(logs, -np.inf)
    return float(np.logaddexp.reduce(logs, axis=1).mean() - np.log(len(points) - 1))


def likeliest(points: np.ndarray) -> tuple[float, float]:
    """The bandwidth that maximises this, and the maximum."""
    found = optimize.minimize_scalar(
        lambda log: -left_out_likelihood(points, np.exp(log)),
        bounds=(-4, 1),
        method="bounded",
        options={"xatol": 1e-7},
    )
    return float(np.exp(found.x)), -float(found.fun)


@pytest.mark.parametrize("bandwidth", [0.1, 0.3, 2.0])
def test_the_density_is_that_of_scikit_learn(bandwidth):
    points, held_out = clusters(300)[:150], clusters(300)[150:]
    std = points.std(0)
    model = neighbors.KernelDensity(bandwidth=bandwidth, rtol=1e-12).fit(points / std)
    expected = model.score_samples(held_out / std) - np.log(std).sum()
    found = fitted(points, bandwidth=bandwidth).log_prob(latents_of(held_out))
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-4)


@pytest.mark.parametrize("bandwidth", [0.001, 0.05])
def test_narrow_kernels_lose_no_thousandth_of_a_nat_in_float32(bandwidth):
    """More latents and queries than a tile holds, far from the origin."""
    rng = np.random.default_rng(0)
    points = (rng.normal(size=(1500, 16)) + 50).astype(np.float32)
    near = (points[:300] + bandwidth * rng.normal(size=(300, 16))).astype(np.float32)
    sampler = KDE(bandwidth=bandwidth)
    sampler.fit(latents_of(points, torch.float32))
    exact = points.astype(np.float64)
    logs = stats.norm.logpdf(near.astype(np.float64)[:, None], exact, bandwidth * exact.std(0))
    expected = np.logaddexp.reduce(logs.sum(2), axis=1) - np.log(len(points))
    found = sampler.log_prob(latents_of(near, torch.float32)).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-3)


@pytest.mark.parametrize("width", [1, 3, 8])
@pytest.mark.parametrize("samples", [20, 150])
def test_the_bandwidth_makes_left_out_latents_likeliest(width, samples):
    points = clusters(samples, width)
    found = fitted(points).diagnostics()
    size, likelihood = likeliest(points)
    assert found["bandwidth"] == pytest.approx(size, rel=1e-3)
    assert found["left_out_log_likelihood"] == pytest.approx(likelihood, abs=1e-4)


def test_the_bandwidth_is_the_one_that_scikit_learn_finds():
    points = clusters(60)
    grid = np.exp(np.linspace(-2.5, 0.5, 31))
    search = GridSearchCV(neighbors.KernelDensity(), {"bandwidth": grid}, cv=LeaveOneOut())
    theirs = search.fit(points / points.std(0)).best_params_["bandwidth"]
    found = fitted(points).diagnostics()["bandwidth"]
    assert grid[np.abs(np.log(grid / found)).argmin()] == theirs


def test_some_queries_choose_nearly_what_all_do():
    """600 latents, more than fit in a tile of queries."""
    points = clusters(600)
    alike = fitted(points, queries=600).diagnostics()
    assert alike["bandwidth"] == pytest.approx(likeliest(points)[0], rel=1e-3)
    some = fitted(points, queries=100).diagnostics()["bandwidth"]
    assert 0 < abs(some - alike["bandwidth"]) < 0.1 * alike["bandwidth"]


def test_copies_of_latents_do_not_narrow_the_kernels():
    """Each latent twice, the second time in the last digits of float32."""
    points = clusters()
    copies = points.astype(np.float32).astype(float)
    alone, doubled = fitted(points), fitted(np.concatenate([points, copies]))
    assert (points != copies).all()
    expected = alone.diagnostics()["bandwidth"]
    assert doubled.diagnostics()["bandwidth"] == pytest.approx(expected, rel=1e-3)


def test_near_copies_narrow_the_kernels_to_a_thousandth_of_a_std_and_no_further():
    points = clusters()
    near = points + 1e-4 * points.std(0)
    found = fitted(np.concatenate([points, near])).diagnostics()["bandwidth"]
    assert found == pytest.approx(1e-3)


def test_two_latents_have_a_bandwidth_and_one_has_none():
    """Standardised, two are 2 apart in each dimension, and h² is the mean square of that."""
    points = clusters(2)
    assert fitted(points).diagnostics()["bandwidth"] == pytest.approx(2, rel=1e-4)
    with pytest.raises(ValueError, match="all 1 latents are equal"):
        fitted(points[:1])


def test_a_start_far_off_finds_the_same_bandwidth():
    """Latents on a line in many dimensions: Scott's rule starts far above."""
    rng = np.random.default_rng(0)
    points = rng.normal(size=(400, 1)) @ rng.normal(size=(1, 30))
    points += 1e-3 * rng.normal(size=points.shape)
    found = fitted(points).diagnostics()["bandwidth"]
    size, likelihood = likeliest(points)
    assert left_out_likelihood(points, found) == pytest.approx(likelihood, abs=1e-3)
    assert found == pytest.approx(size, rel=1e-2)
    assert found < 0.1 * 400 ** (-1 / 34)


def test_draws_are_latents_with_normal_noise_of_the_bandwidth():
    points = np.array([[0.0, 0.0], [100.0, 10.0], [200.0, 20.0], [300.0, 30.0]])
    sampler = fitted(points, bandwidth=0.01)
    with seeded(0):
        samples = sampler.sample(20_000).values.numpy()
    owners = (samples[:, 0] / 100).round().astype(int)
    assert stats.chisquare(np.bincount(owners, minlength=4)).pvalue > 1e-3
    noise = (samples - points[owners]) / (0.01 * points.std(0))
    assert stats.kstest(noise.ravel(), "norm").pvalue > 1e-3
    assert abs(np.corrcoef(noise.T)[0, 1]) < 4 / len(noise) ** 0.5


def test_a_bandwidth_that_is_given_is_taken():
    assert fitted(clusters(), bandwidth=0.3).diagnostics() == {"bandwidth": 0.3}


@pytest.mark.parametrize(
    ("setting", "wrong"),
    [("bandwidth", 0.0), ("bandwidth", float("inf")), ("bandwidth", float("nan")), ("queries", 0)],
)
def test_an_impossible_setting_is_refused_by_name(setting, wrong):
    with pytest.raises(ValueError, match=f"{setting} must be"):
        KDE(**{setting: wrong})


@pytest.mark.parametrize("bandwidth", [1e-4, 1e-5, 1e-7, 1e-9, 1e-12, 1e-30])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_kernels_that_reach_no_other_latent_have_their_own_peak(bandwidth, dtype):
    """There the density is ``1 / n Π_j (2π)^½ h s_j``."""
    with seeded(1):
        values = torch.randn(500, 4, dtype=dtype)
    sampler = KDE(bandwidth=bandwidth)
    sampler.fit(Continuous(4).pack(values=values))
    std = values.double().std(0, correction=0)
    expected = -np.log(500) - float((bandwidth * std).log().sum()) - 2 * np.log(2 * np.pi)
    found = sampler.log_prob(Continuous(4).pack(values=values)).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-6)


@settings(deadline=None, max_examples=40)
@given(
    st.floats(-12, 0), st.floats(-6, 6), st.integers(1, 40), st.integers(1, 40), st.integers(0, 99)
)
def test_the_density_is_that_of_differences_however_narrow_kernels_are(
    exponent, away, latents, queries, seed
):
    """Latents and queries in bunches as wide as a kernel, so that kernels overlap."""
    bandwidth = 10**exponent
    rng = np.random.default_rng(seed)
    places = rng.normal(size=(3, 2)) + 10**away
    points = places[rng.integers(3, size=latents)] + 3 * bandwidth * rng.normal(size=(latents, 2))
    asked = places[rng.integers(3, size=queries)] + 3 * bandwidth * rng.normal(size=(queries, 2))
    asked[0] += 1e3 * bandwidth
    density = KernelDensity(torch.from_numpy(points), torch.full((2,), bandwidth).double())
    found = density.log_prob(torch.from_numpy(asked)).numpy()
    exponents = -0.5 * np.square((asked[:, None] - points) / density.bandwidths.numpy()).sum(2)
    expected = np.logaddexp.reduce(exponents, axis=1) - np.log(latents)
    expected -= 2 * np.log(bandwidth) + np.log(2 * np.pi)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-4)
