"""The empirical beta copula against scipy's beta distributions, one by one."""

import itertools

import numpy as np
import pytest
import torch
from scipy import special, stats

from samplebench import Continuous, Latents, seeded
from samplebench_density import Copula
from samplebench_density.margins.tabulated import Margins


def bent(samples: int) -> np.ndarray:
    """Two dimensions that depend on each other, and one that does on neither."""
    rng = np.random.default_rng(0)
    first = rng.normal(size=samples)
    second = np.exp(0.5 * first) + 0.2 * rng.normal(size=samples)
    return np.stack([first, second, rng.uniform(size=samples)], 1)


def latents_of(points: np.ndarray) -> Latents:
    return Continuous(points.shape[1]).pack(values=torch.from_numpy(points))


def fitted(points: np.ndarray) -> Copula:
    sampler = Copula()
    with seeded(0):
        sampler.fit(latents_of(points))
    return sampler


def drawn(sampler: Copula, count: int) -> torch.Tensor:
    with seeded(1):
        return sampler.sample(count).values


def margins_of(sampler: Copula) -> Margins:
    return Margins.from_state(sampler.state())


def heights(sampler: Copula, samples: torch.Tensor) -> np.ndarray:
    """The values of the margins' distribution functions at the samples, (samples, D)."""
    return margins_of(sampler).logs(samples.double().T.contiguous()).below.exp().T.numpy()


def betas(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The parameters of every latent's beta distributions."""
    ranks = stats.rankdata(points, axis=0)
    return ranks, len(points) + 1 - ranks


@pytest.mark.parametrize("samples", [2, 7, 200])
def test_the_density_is_that_of_betas_and_margins(samples):
    points = bent(samples)
    sampler = fitted(points)
    held_out = latents_of(np.concatenate([bent(300)[-40:], 30 + bent(5), -9 + bent(5)]))
    margins = margins_of(sampler).logs(held_out.values.T.contiguous())
    a, b = betas(points)
    below, above = margins.below.T.numpy()[:, None], margins.above.T.numpy()[:, None]
    kernels = (a - 1) * below + (b - 1) * above - special.betaln(a, b)
    middle = slice(None, 40)
    scipys = stats.beta.logpdf(np.exp(below[middle]), a, b)
    inside = (below[middle] > -30) & (above[middle] > -30)
    np.testing.assert_allclose(
        np.where(inside, kernels[middle], 0), np.where(inside, scipys, 0), rtol=1e-6, atol=1e-6
    )
    expected = np.logaddexp.reduce(kernels.sum(2), axis=1) - np.log(samples)
    expected += margins.density.sum(0).numpy()
    found = sampler.log_prob(held_out).numpy()
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-5)


def test_in_one_dimension_the_density_is_that_of_the_margin():
    points = bent(50)[:, :1]
    sampler = fitted(points)
    places = torch.linspace(-6, 6, 101, dtype=torch.float64)[None]
    expected = margins_of(sampler).logs(places).density[0]
    found = sampler.log_prob(latents_of(places.T.numpy()))
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("samples", [5, 400])
def test_draws_are_uniform_in_every_margin(samples):
    sampler = fitted(bent(samples))
    found = heights(sampler, drawn(sampler, 20_000))
    for column in found.T:
        assert stats.kstest(column, "uniform").pvalue > 1e-3


def test_draws_follow_the_copula():
    """Count draws in squares of (0, 1)², whose probabilities are products of scipy's betas."""
    points = bent(6)[:, :2]
    sampler = fitted(points)
    found = heights(sampler, drawn(sampler, 30_000))
    edges = np.linspace(0, 1, 5)
    counts, _, _ = np.histogram2d(*found.T, bins=(edges, edges))
    a, b = betas(points)
    sides = np.diff(stats.beta.cdf(edges[:, None, None], a, b), axis=0)  # (4, latents, 2)
    expected = np.einsum("in,jn->ij", sides[..., 0], sides[..., 1]) / len(points)
    assert stats.chisquare(counts.ravel(), 30_000 * expected.ravel()).pvalue > 1e-3


def test_draws_depend_on_each_other_as_the_latents_do():
    points = bent(1500)
    samples = drawn(fitted(points), 20_000).numpy()
    expected = stats.spearmanr(points).statistic
    np.testing.assert_allclose(stats.spearmanr(samples).statistic, expected, atol=0.04)
    assert expected[0, 1] > 0.8
    for ours, theirs in zip(samples.T, points.T, strict=True):
        assert stats.wasserstein_distance(ours, theirs) < 0.1 * theirs.std()


def test_more_draws_than_a_chunk_holds_are_as_many_as_asked_for():
    samples = drawn(fitted(bent(50)), 40_000)
    assert samples.shape == (40_000, 3)
    assert len(samples.unique(dim=0)) == 40_000


def test_dimensions_of_many_equal_latents_are_not_made_to_depend_on_each_other():
    """Latents come sorted by class, and equal numbers must not keep that order."""
    points = np.zeros((2000, 2))
    points[:20] = np.arange(20)[:, None] / 20 + 1
    ranks = fitted(points).state()["ranks"][20:].double()
    assert abs(float(torch.corrcoef(ranks.T)[0, 1])) < 0.1


@pytest.mark.parametrize("shares", [(0.0, 1.0), (1.0, 0.0)])
def test_a_gamma_draw_that_vanishes_next_to_the_other_gives_a_finite_latent(shares, monkeypatch):
    sizes = itertools.cycle(shares)
    monkeypatch.setattr(
        torch.distributions.Gamma, "sample", lambda gamma: next(sizes) * gamma.rate
    )
    samples = fitted(bent(20)).sample(10).values
    assert samples.isfinite().all()


def test_equal_latents_are_refused_with_a_reason():
    with pytest.raises(ValueError, match="all 4 latents are equal"):
        fitted(np.ones((4, 2)))
