"""The sampler passes samplebench's conformance checks, and its numbers are SciPy's."""

import pytest
import scipy.stats
import torch
from samplebench_laplace.laplace import Laplace

from samplebench import Continuous, Latents, seeded
from samplebench.checks import check_target, render


@pytest.fixture
def latents() -> Latents:
    with seeded(0, "latents"):
        return Continuous(3, (2,)).pack(values=torch.randn(501, 6).exp())


def test_laplace_passes_every_check_for_samplers() -> None:
    outcomes = check_target("laplace")
    assert any(outcome.status == "passed" for outcome in outcomes)
    assert not any(outcome.status == "failed" for outcome in outcomes), render(outcomes)


def test_the_fit_is_scipys(latents: Latents) -> None:
    sampler = Laplace()
    sampler.fit(latents)
    for dimension, column in enumerate(latents.values.flatten(1).T):
        median, scale = scipy.stats.laplace.fit(column.double())
        assert sampler.distribution.loc[dimension].item() == pytest.approx(median, rel=1e-5)
        assert sampler.distribution.scale[dimension].item() == pytest.approx(scale, rel=1e-5)


def test_the_density_is_scipys(latents: Latents) -> None:
    sampler = Laplace(spread=2.0)
    sampler.fit(latents)
    vectors = latents.values.flatten(1)
    median, scale = vectors.median(dim=0).values, 2 * mean_deviation(vectors)
    expected = scipy.stats.laplace.logpdf(vectors.double(), median, scale).sum(axis=1)
    torch.testing.assert_close(
        sampler.log_prob(latents).double(), torch.from_numpy(expected), rtol=1e-4, atol=1e-4
    )


def test_samples_follow_the_distribution(latents: Latents) -> None:
    sampler = Laplace()
    sampler.fit(latents)
    with seeded(0, "sample"):
        drawn = sampler.sample(2_000)
    for dimension, column in enumerate(drawn.values.flatten(1).T):
        loc, scale = sampler.distribution.loc[dimension], sampler.distribution.scale[dimension]
        parameters = (loc.item(), scale.item())
        assert scipy.stats.kstest(column.numpy(), "laplace", parameters).pvalue > 1e-3


def test_a_dimension_without_spread_has_a_finite_density() -> None:
    sampler = Laplace()
    sampler.fit(Continuous(1).pack(values=torch.ones(5, 1)))
    assert sampler.log_prob(sampler.sample(4)).isfinite().all()


def test_a_spread_that_is_not_positive_is_an_error() -> None:
    with pytest.raises(ValueError, match="spread must be positive, not 0"):
        Laplace(spread=0.0)


def mean_deviation(vectors: torch.Tensor) -> torch.Tensor:
    """Compute the mean absolute deviation from the median by hand."""
    middle = vectors.sort(dim=0).values[len(vectors) // 2]
    return (vectors - middle).abs().mean(dim=0)
