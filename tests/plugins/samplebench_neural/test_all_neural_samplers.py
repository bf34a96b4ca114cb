"""What holds for every sampler of the package, whatever its model."""

import math
from typing import Any

import pytest
import torch
from safetensors.torch import load, save

import samplebench_neural
from samplebench import Continuous, DensitySampler, Latents, LatentSpace, Sampler, seeded
from samplebench.settings import one_of
from samplebench_neural import FlowMatching, NormalisingFlow, TwoStageVAE, learning
from samplebench_neural.flow import FlowModel
from samplebench_neural.flow_matching import FlowMatchingModel
from samplebench_neural.two_stage_vae import VAEModel

QUICK: dict[str, Any] = {"steps": 6, "batch": 32}
CASES: list[tuple[type[Sampler], dict[str, Any]]] = [
    *(
        (NormalisingFlow, {"kind": kind, "transforms": 2, "hidden": (8, 8), **QUICK})
        for kind in ("maf", "iaf", "spline")
    ),
    (TwoStageVAE, {"hidden": (8, 8), **QUICK}),
    (FlowMatching, {"width": 8, "blocks": 1, "solver_steps": 3, **QUICK}),
]
every_sampler = pytest.mark.parametrize(
    ("factory", "settings"),
    [
        pytest.param(factory, settings, id=f"{factory.__name__} {settings.get('kind', '')}")
        for factory, settings in CASES
    ],
)
every_density = pytest.mark.parametrize(
    ("factory", "settings"),
    [case for case in CASES if issubclass(case[0], DensitySampler)],
    ids=lambda part: getattr(part, "__name__", ""),
)


def some_latents(
    samples: int = 90, space: LatentSpace | None = None, dtype: torch.dtype = torch.float32
) -> Latents:
    """Correlated Gaussian latents, the same on each call."""
    space = space or Continuous(3)
    width = space.sites * space.value_width
    with seeded(0, "latents"):
        noise = torch.randn(samples, width, dtype=torch.float64)
    mix = (torch.eye(width) + 0.5 * torch.ones(width, width).tril()).double()
    return space.pack(values=(noise @ mix + 0.5).to(dtype))


def fitted(factory, settings, latents: Latents, seed: int = 0) -> Sampler:
    sampler = factory(**settings)
    with seeded(seed, "fit"):
        sampler.fit(latents)
    return sampler


def drawn(sampler: Sampler, count: int = 40, seed: int = 0) -> torch.Tensor:
    with seeded(seed, "sample"):
        return sampler.sample(count).values


def registered() -> dict[str, type[Sampler]]:
    found: dict[str, type[Sampler]] = {}
    samplebench_neural.register_samplers(found.__setitem__)
    return found


def test_the_package_offers_its_samplers_under_their_names():
    assert registered() == {
        "flow": NormalisingFlow,
        "two-stage-vae": TwoStageVAE,
        "flow-matching": FlowMatching,
    }


@every_sampler
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
@pytest.mark.parametrize("space", [Continuous(1), Continuous(2, (1, 3)), Continuous(2, (3,))])
def test_samples_have_the_form_of_the_latents(factory, settings, space, dtype):
    sampler = fitted(factory, settings, some_latents(space=space, dtype=dtype))
    for count in (0, 1, 7):
        samples = sampler.sample(count)
        assert samples.space == space
        assert samples.values.shape == (count, *space.grid, space.channels)
        assert samples.values.dtype == dtype


@every_sampler
def test_neither_samples_nor_densities_are_under_autograd(factory, settings):
    latents = some_latents()
    sampler = fitted(factory, settings, latents)
    assert not sampler.sample(5).values.requires_grad
    if isinstance(sampler, DensitySampler):
        assert not sampler.log_prob(latents).requires_grad


@every_sampler
def test_samples_in_many_chunks_are_as_those_in_one(factory, settings, monkeypatch):
    """No more rows than asked for are moved at a time, and each row is filled."""
    sampler = fitted(factory, settings, some_latents())
    sizes = []

    def spied(transform):
        def spy(model, noise):
            sizes.append(len(noise))
            return transform(model, noise)

        return spy

    for kind in (FlowModel, FlowMatchingModel, VAEModel):
        monkeypatch.setattr(kind, "transform", spied(kind.transform))
    monkeypatch.setattr(learning, "_rows", lambda width, device: 6)
    found = drawn(sampler, 40)
    assert sizes == [6] * 6 + [4]
    assert found.unique(dim=0).shape[0] == 40
    if isinstance(sampler, DensitySampler):
        latents = some_latents()
        monkeypatch.setattr(learning, "_rows", lambda width, device: 1000)
        whole = sampler.log_prob(latents)
        monkeypatch.setattr(learning, "_rows", lambda width, device: 7)
        torch.testing.assert_close(sampler.log_prob(latents), whole, rtol=1e-5, atol=1e-5)


@every_sampler
def test_a_state_survives_a_file_and_leaves_the_random_stream_alone(factory, settings):
    latents = some_latents(space=Continuous(2, (2, 2)))
    sampler = fitted(factory, settings, latents)
    state = load(save(dict(sampler.state())))
    restored = factory(**settings)
    with seeded(3):
        restored.restore(latents.space, state)
        after = torch.rand(4)
    with seeded(3):
        assert torch.equal(after, torch.rand(4))
    assert torch.equal(drawn(restored), drawn(sampler))
    assert restored.diagnostics() == sampler.diagnostics()


@every_sampler
@pytest.mark.parametrize("scale", [2.0**-10, 2.0**10])
def test_samples_scale_with_the_latents(factory, settings, scale):
    latents = some_latents()
    scaled = latents.space.pack(values=latents.values * scale)
    expected = drawn(fitted(factory, settings, latents)) * scale
    found = drawn(fitted(factory, settings, scaled))
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3 * scale)


@every_sampler
def test_a_dimension_that_never_varies_hardly_does_in_samples(factory, settings):
    latents = some_latents(300)
    values = latents.values.clone()
    values[:, 1] = 0.1  # its mean in float32 is another number
    sampler = fitted(factory, {**settings, "steps": 10}, latents.space.pack(values=values))
    std = values.std(0).square().mean().sqrt()
    assert (drawn(sampler)[:, 1] - 0.1).abs().max() < 0.01 * std
    assert all(math.isfinite(number) for number in sampler.diagnostics().values())
    if isinstance(sampler, DensitySampler):
        assert sampler.log_prob(latents.space.pack(values=values)).isfinite().all()


@every_sampler
def test_training_on_few_latents_stops_before_its_last_step(factory, settings):
    """Twenty latents are learned by heart; those held out decide when to stop."""
    latents = some_latents(20, Continuous(6))
    eager = {**settings, "steps": 1000, "learning_rate": 0.02, "patience": 10}
    found = fitted(factory, eager, latents).diagnostics()
    assert found["training_steps"] < 1000
    assert found["stopped_early"] == 1


@every_sampler
def test_training_on_few_latents_does_not_stop_within_a_few_epochs(factory, settings):
    """It takes twenty evaluations without gain, a fifth of the steps; an epoch has two steps."""
    found = fitted(factory, {**settings, "steps": 400}, some_latents(40)).diagnostics()
    assert found["training_steps"] >= 20 * 4
    untrained = fitted(factory, {**settings, "steps": 1}, some_latents(40)).diagnostics()
    assert untrained["training_steps"] == 1
    assert untrained["stopped_early"] == 0


@every_sampler
@pytest.mark.parametrize(("samples", "message"), [(0, "at least one latent"), (1, "at least two")])
def test_too_few_latents_are_refused(factory, settings, samples, message):
    with pytest.raises(ValueError, match=message):
        factory(**settings).fit(some_latents(samples))


@every_sampler
def test_two_latents_are_enough(factory, settings):
    assert drawn(fitted(factory, settings, some_latents(2))).shape == (40, 3)


@every_sampler
def test_equal_latents_are_refused_with_a_reason(factory, settings):
    values = torch.full((9, 3), 0.1)
    with pytest.raises(ValueError, match="all 9 latents are equal"):
        factory(**settings).fit(Continuous(3).pack(values=values))


@every_density
def test_a_density_asked_about_another_space_says_so(factory, settings):
    sampler = fitted(factory, settings, some_latents(space=Continuous(4)))
    with pytest.raises(ValueError, match="fitted to latents of"):
        sampler.log_prob(some_latents(space=Continuous(1, (2, 2))))


@every_density
def test_the_density_of_no_latents_is_empty(factory, settings):
    sampler = fitted(factory, settings, some_latents())
    assert sampler.log_prob(some_latents()[:0]).shape == (0,)


@every_density
def test_a_density_is_in_the_units_of_the_latents(factory, settings):
    """Latents twice as wide in each of three dimensions are 3 log 2 nats thinner."""
    latents = some_latents()
    wider = latents.space.pack(values=latents.values * 2)
    found = fitted(factory, settings, wider).log_prob(wider)
    expected = fitted(factory, settings, latents).log_prob(latents) - 3 * math.log(2)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


@every_sampler
@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"steps": 0}, "steps must be positive, not 0"),
        ({"batch": 0}, "batch must be positive"),
        ({"patience": 0}, "patience must be at least 1"),
        ({"learning_rate": 0.0}, "learning_rate must be positive, not 0.0"),
        ({"learning_rate": float("nan")}, "learning_rate must be positive"),
        ({"held_out": 0.0}, "held_out is a share above 0 and below 1, not 0.0"),
        ({"held_out": 1.0}, "held_out is a share"),
    ],
    ids=lambda part: next(iter(part)) if isinstance(part, dict) else "",
)
def test_an_impossible_schedule_is_refused_by_name(factory, settings, setting, message):
    with pytest.raises(ValueError, match=message):
        factory(**{**settings, **setting})


def test_a_value_that_is_no_choice_is_refused_with_the_choices():
    with pytest.raises(ValueError, match="kind is one of maf, iaf, not 'nice'"):
        one_of("kind", "nice", ("maf", "iaf"))


@pytest.mark.parametrize(
    ("factory", "setting", "message"),
    [
        (NormalisingFlow, {"transforms": 0}, "transforms must be at least 1"),
        (NormalisingFlow, {"hidden": ()}, "hidden lists the units"),
        (TwoStageVAE, {"hidden": (8, 0)}, "hidden lists the units"),
        (FlowMatching, {"width": 0}, "width must be at least 1"),
        (FlowMatching, {"blocks": 0}, "blocks must be at least 1"),
        (FlowMatching, {"steps": 0}, "steps must be positive"),
        (FlowMatching, {"sigma": 1.0}, "sigma must be at least 0 and below 1"),
    ],
    ids=str,
)
def test_an_impossible_setting_is_refused_by_name(factory, setting, message):
    with pytest.raises(ValueError, match=message):
        factory(**setting)
