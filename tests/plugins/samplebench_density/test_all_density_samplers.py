"""Rules that hold for every sampler of the package."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats

import samplebench_density
from samplebench import (
    Continuous,
    DensitySampler,
    Discrete,
    Latents,
    LatentSpace,
    Mixture,
    Sampler,
    Sparse,
    seeded,
)
from samplebench_density import KDE, PMFS, Copula, JitteredResample, Resample, StandardNormal

VARIANTS: dict[str, list[dict[str, Any]]] = {
    "gaussian": [{}, {"covariance": "diagonal"}],
    "gmm": [{"components": 3, "covariance": kind} for kind in ("full", "diagonal", "tied")],
    "pmfs": [
        *({"law": law} for law in ("cell", "member", "box")),
        *({"range": rule} for rule in ("quantile", "std", "fixed")),
        *({"bins": rule} for rule in ("scott", "freedman-diaconis", "sturges")),
    ],
    "jittered-resample": [
        *({"law": law} for law in ("cell", "member")),
        *({"range": rule} for rule in ("quantile", "std", "fixed")),
    ],
    "kde": [{}, {"bandwidth": 0.2}, {"queries": 7}],
}
KERNELS = (KDE, Copula, JitteredResample)
"""They blur each dimension by itself, so that dimensions which are equal do not stay so."""


def registered() -> dict[str, type[Sampler]]:
    """The samplers that the package offers, by name."""
    found: dict[str, type[Sampler]] = {}
    samplebench_density.register_samplers(
        lambda name, factory, later=(): found.__setitem__(name, factory)
    )
    return found


CASES = [
    (factory, settings)
    for name, factory in registered().items()
    for settings in VARIANTS.get(name, [{}])
]


def over(keep: Callable[[type[Sampler], dict[str, Any]], bool]) -> pytest.MarkDecorator:
    """The test for every sampler and settings for which ``keep`` is true."""
    return pytest.mark.parametrize(
        ("factory", "settings"),
        [
            pytest.param(
                factory, settings, id=" ".join([factory.__name__, *map(str, settings.values())])
            )
            for factory, settings in CASES
            if keep(factory, settings)
        ],
    )


every_sampler = over(lambda factory, settings: True)
every_density = over(
    lambda factory, settings: (
        issubclass(factory, DensitySampler) and "box" not in settings.values()
    )
)
follows_scale = over(
    lambda factory, settings: factory is not StandardNormal and "fixed" not in settings.values()
)
follows_dependence = over(
    lambda factory, settings: (
        factory not in (StandardNormal, PMFS, *KERNELS) and "diagonal" not in settings.values()
    )
)


def normal_latents(
    samples: int = 60, space: LatentSpace | None = None, dtype: torch.dtype = torch.float32
) -> Latents:
    """Correlated Gaussian latents of a continuous space."""
    space = space or Continuous(3)
    width = space.sites * space.value_width
    mix = torch.eye(width, dtype=dtype) + 0.5 * torch.ones(width, width, dtype=dtype).tril()
    return space.pack(values=torch.randn(samples, width, dtype=dtype) @ mix + 0.5)


def fitted(factory, settings, latents: Latents, seed: int = 0) -> Sampler:
    sampler = factory(**settings)
    with seeded(seed, "fit"):
        sampler.fit(latents)
    return sampler


def drawn(sampler: Sampler, count: int = 40, seed: int = 0) -> torch.Tensor:
    with seeded(seed, "sample"):
        return sampler.sample(count).values


def test_the_package_offers_its_samplers_under_their_names():
    controls = {"resample", "jittered-resample"}
    contenders = {"standard-normal", "gaussian", "gmm", "pmfs", "kde", "copula"}
    assert set(registered()) == controls | contenders
    assert {name for name, factory in registered().items() if factory.control} == controls


@every_sampler
def test_a_seed_repeats_its_samples_and_another_seed_does_not(factory, settings):
    sampler = fitted(factory, settings, normal_latents())
    first = drawn(sampler)
    assert torch.equal(first, drawn(sampler))
    assert not torch.equal(first, drawn(sampler, seed=1))


@every_sampler
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
@pytest.mark.parametrize("space", [Continuous(1), Continuous(4, (2, 2)), Continuous(2, (3,))])
def test_samples_have_the_form_of_the_latents(factory, settings, space, dtype):
    latents = normal_latents(space=space, dtype=torch.float64)
    latents = Latents(space, latents.values.to(dtype), latents.codes)
    sampler = fitted(factory, settings, latents)
    for count in (0, 1, 7):
        samples = sampler.sample(count)
        assert samples.space == space
        assert samples.values.shape == (count, *space.grid, space.channels)
        assert samples.values.dtype == dtype


@follows_dependence
def test_sites_of_a_grid_are_learned_together(factory, settings):
    """Sites that are all copies of one are so in the samples too, within the ridge."""
    one = torch.randn(200, 1, 2)
    latents = Continuous(2, (2, 2)).pack(values=one.expand(200, 4, 2))
    sites = drawn(fitted(factory, settings, latents)).reshape(-1, 4, 2)
    assert (sites - sites[:, :1]).abs().max() < 0.02


@every_sampler
def test_a_new_fit_forgets_the_old_one(factory, settings):
    old, new = normal_latents(80, Continuous(5)), normal_latents()
    refitted = fitted(factory, settings, old)
    with seeded(0, "fit"):
        refitted.fit(new)
    fresh = fitted(factory, settings, new)
    assert torch.equal(drawn(refitted), drawn(fresh))
    assert refitted.diagnostics() == fresh.diagnostics()


@every_sampler
def test_a_fit_leaves_its_latents_as_they_were(factory, settings):
    latents = normal_latents()
    before = latents.values.clone()
    fitted(factory, settings, latents)
    assert torch.equal(latents.values, before)


@every_sampler
def test_latents_that_change_after_the_fit_change_nothing(factory, settings):
    latents = normal_latents()
    sampler = fitted(factory, settings, latents)
    before = drawn(sampler), sampler.diagnostics()
    latents.values.zero_()
    assert torch.equal(drawn(sampler), before[0])
    assert sampler.diagnostics() == before[1]


@every_sampler
def test_sampling_changes_nothing_in_the_sampler(factory, settings):
    latents = normal_latents()
    sampler = fitted(factory, settings, latents)
    fresh = fitted(factory, settings, latents)
    drawn(sampler, 1000).zero_()
    assert torch.equal(drawn(sampler), drawn(fresh))
    assert sampler.diagnostics() == fresh.diagnostics()


@every_sampler
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_a_sampler_restored_from_its_state_is_the_fitted_one(factory, settings, dtype):
    latents = normal_latents(space=Continuous(3, (2,)), dtype=torch.float64)
    latents = Latents(latents.space, latents.values.to(dtype), latents.codes)
    sampler = fitted(factory, settings, latents)
    restored = factory(**settings)
    restored.restore(latents.space, {name: part.clone() for name, part in sampler.state().items()})
    assert torch.equal(drawn(restored), drawn(sampler))
    assert drawn(restored).dtype == dtype
    assert restored.diagnostics() == sampler.diagnostics()
    if isinstance(sampler, DensitySampler) and not sampler.no_density(latents.space):
        assert torch.equal(restored.log_prob(latents), sampler.log_prob(latents))


@over(lambda factory, settings: factory in KERNELS and "fixed" not in settings.values())
def test_a_dimension_that_never_varies_stays_and_has_no_density_elsewhere(factory, settings):
    """0.1, whose mean rounded to float32 is another number."""
    latents = normal_latents()
    values = latents.values.clone()
    values[:, 1] = 0.1
    flat = Latents(latents.space, values, latents.codes)
    sampler = fitted(factory, settings, flat)
    samples = drawn(sampler)
    assert (samples[:, 1] == values[0, 1]).all()
    assert sampler.log_prob(Continuous(3).pack(values=samples)).isfinite().all()
    assert (sampler.log_prob(latents) == -torch.inf).all()
    # In the other dimensions, it is the distribution that is learned without this one.
    others = Continuous(2).pack(values=values[:, [0, 2]])
    if factory is not Copula:  # whose ranks of equal numbers are drawn
        alone = fitted(factory, settings, others)
        torch.testing.assert_close(sampler.log_prob(flat), alone.log_prob(others))


@over(lambda factory, settings: factory in KERNELS)
def test_a_latent_far_out_has_a_low_and_finite_density(factory, settings):
    latents = normal_latents(dtype=torch.float64)
    sampler = fitted(factory, settings, latents)
    logs = [
        sampler.log_prob(Latents(latents.space, latents.values + far, latents.codes)).mean()
        for far in (0, 30, 1e3, -1e5)
    ]
    assert logs == sorted(logs, reverse=True)
    assert np.isfinite(logs).all()


@follows_scale
@pytest.mark.parametrize("scale", [2.0**-10, 2.0**10])
def test_samples_scale_with_the_latents(factory, settings, scale):
    latents = normal_latents()
    scaled = Latents(latents.space, latents.values * scale, latents.codes)
    expected = drawn(fitted(factory, settings, latents)) * scale
    torch.testing.assert_close(
        drawn(fitted(factory, settings, scaled)), expected, rtol=1e-4, atol=1e-4 * scale
    )


@every_sampler
def test_no_latents_are_refused(factory, settings):
    with pytest.raises(ValueError, match="at least one latent"):
        factory(**settings).fit(normal_latents()[:0])


@every_density
def test_a_density_integrates_to_one(factory, settings):
    space = Continuous(1)
    sampler = fitted(factory, settings, normal_latents(space=space))
    places = torch.linspace(-40, 40, 20_001, dtype=torch.float64)
    density = sampler.log_prob(space.pack(values=places)).exp()
    error = 5e-3 if factory is PMFS else 1e-6  # of trapezoids under steps
    assert np.trapezoid(density.numpy(), places.numpy()) == pytest.approx(1, abs=error)


@every_density
def test_a_density_asked_about_another_space_says_so(factory, settings):
    sampler = fitted(factory, settings, normal_latents(space=Continuous(4)))
    with pytest.raises(ValueError, match="fitted to latents of"):
        sampler.log_prob(normal_latents(space=Continuous(1, (2, 2))))


@pytest.mark.parametrize(
    "space", [Discrete((5,), (2,)), Mixture(3, 2, (2,)), Sparse(6, 2, (2,))], ids=lambda s: s.kind
)
def test_only_resampling_takes_latents_with_codes(space):
    takers = [name for name, factory in registered().items() if not factory().objection(space)]
    assert takers == ["resample"]


def test_standard_normal_samples_and_density_are_those_of_independent_normals():
    sampler = fitted(StandardNormal, {}, normal_latents())
    samples = drawn(sampler, 5000)
    assert stats.kstest(samples.flatten().numpy(), "norm").pvalue > 1e-3
    space = samples.shape[1]
    expected = stats.multivariate_normal(np.zeros(space)).logpdf(samples.double().numpy())
    found = sampler.log_prob(Continuous(space).pack(values=samples))
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-12)


def latents_of_every_kind() -> list[Latents]:
    codes = torch.tensor([[[0, 3], [1, 2]], [[2, 5], [0, 1]], [[4, 5], [3, 4]]])
    values = torch.randn(3, 2, 2)
    return [
        Continuous(2, (2,)).pack(values=values),
        Discrete((6, 6), (2,)).pack(codes=codes),
        Mixture(6, 2, (2,)).pack(values=values, codes=codes[..., 0]),
        Sparse(6, 2, (2,)).pack(values=values, codes=codes),
    ]


@pytest.mark.parametrize(
    "latents", latents_of_every_kind(), ids=lambda latents: latents.space.kind
)
def test_resampling_draws_whole_training_latents_evenly(latents):
    lent = Latents(latents.space, latents.values.clone(), latents.codes.clone())
    sampler = fitted(Resample, {}, lent)
    lent.values.zero_()
    lent.codes.zero_()
    with seeded(0):
        samples = sampler.sample(3000)
    counts = []
    for values, codes in zip(latents.values, latents.codes, strict=True):
        same = (samples.values == values).flatten(1).all(1)
        same &= (samples.codes == codes).flatten(1).all(1)
        counts.append(int(same.sum()))
    assert sum(counts) == 3000
    assert all(abs(count - 1000) < 5 * (3000 * 2 / 9) ** 0.5 for count in counts)
