"""Resampling with noise against PMFS, for which it stands, and against scipy's densities."""

import numpy as np
import pytest
import torch
from scipy import stats

from samplebench import Continuous, Discrete, Latents, seeded
from samplebench_density import PMFS, JitteredResample


def normal_latents(samples: int = 200) -> Latents:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(samples, 3)) * [1.0, 10.0, 0.1] + 5
    return Continuous(3).pack(values=torch.from_numpy(values))


def fitted(sampler, latents: Latents):
    sampler.fit(latents)
    return sampler


@pytest.mark.parametrize("law", ["cell", "member"])
def test_the_noise_has_the_variance_that_pmfs_adds_to_lone_latents(law):
    """Of normal latents with 12 bins from −6 to 6, moved by PMFS and by this."""
    with seeded(0):
        latents = Continuous(2).pack(values=torch.randn(20_000, 2, dtype=torch.float64))
        settings = {"bins": 12, "range": "fixed", "bound": 6.0, "law": law}
        variances = [
            fitted(factory(**settings), latents).sample(200_000).values.var(0).numpy()
            for factory in (PMFS, JitteredResample)
        ]
    np.testing.assert_allclose(variances[1], variances[0], atol=0.02)
    growth = variances[1] - latents.values.var(0).numpy()
    np.testing.assert_allclose(growth, 1 / {"cell": 6, "member": 12}[law], atol=0.02)


@pytest.mark.parametrize("law", ["cell", "member"])
@pytest.mark.parametrize("settings", [{}, {"range": "std"}, {"bins": (3, 40, 5)}], ids=str)
def test_it_reports_of_its_noise_what_pmfs_reports(law, settings):
    found, theirs = (
        fitted(factory(law=law, **settings), normal_latents()).diagnostics()
        for factory in (JitteredResample, PMFS)
    )
    assert found == {name: theirs[name] for name in ("cell_width", "displacement")}


def test_the_density_is_the_mean_of_the_normals_about_the_latents():
    latents = normal_latents()
    values = latents.values.numpy()
    sampler = fitted(JitteredResample(bins=20, law="member"), latents)
    noise = np.ptp(values, axis=0) / 20 / 12**0.5
    held_out = normal_latents(230)[200:]
    kernels = stats.norm.logpdf(held_out.values.numpy()[:, None], values, noise).sum(2)
    expected = np.logaddexp.reduce(kernels, axis=1) - np.log(200)
    np.testing.assert_allclose(sampler.log_prob(held_out).numpy(), expected, atol=1e-5)


def test_draws_are_latents_with_independent_normal_noise():
    values = 100.0 * torch.arange(8, dtype=torch.float64)[:, None].expand(8, 2)
    sampler = fitted(
        JitteredResample(bins=10, range="fixed", bound=5.0, law="cell"),
        Continuous(2).pack(values=values),
    )
    with seeded(0):
        samples = sampler.sample(20_000).values.numpy()
    owners = (samples[:, 0] / 100).round().astype(int)
    assert stats.chisquare(np.bincount(owners, minlength=8)).pvalue > 1e-3
    noise = (samples - 100.0 * owners[:, None]) * 6**0.5
    assert stats.kstest(noise.ravel(), "norm").pvalue > 1e-3
    assert abs(np.corrcoef(noise.T)[0, 1]) < 4 / len(noise) ** 0.5


@pytest.mark.parametrize("kind", [PMFS, JitteredResample])
def test_a_range_without_width_where_latents_vary_is_refused_with_a_remedy(kind):
    values = torch.randn(1000, 2)
    values[3:, 1] = 0.0
    latents = Continuous(2).pack(values=values)
    with pytest.raises(ValueError, match=r"no width in 1 of 2 dimensions.* another range"):
        kind(range="quantile", quantile=0.01).fit(latents)
    kind().fit(latents)


@pytest.mark.parametrize("kind", [PMFS, JitteredResample])
def test_latents_of_a_kind_that_it_does_not_take_are_refused(kind):
    latents = Discrete((4,), (2,)).pack(codes=torch.zeros(6, 2, dtype=torch.int64))
    with pytest.raises(ValueError, match="discrete"):
        kind().fit(latents)


def test_one_latent_again_and_again_has_no_density():
    latents = Continuous(2).pack(values=torch.ones(5, 2))
    sampler = JitteredResample()
    sampler.fit(latents)
    assert torch.equal(sampler.sample(3).values, torch.ones(3, 2))
    with pytest.raises(ValueError, match="a single point has no density"):
        sampler.log_prob(latents)
