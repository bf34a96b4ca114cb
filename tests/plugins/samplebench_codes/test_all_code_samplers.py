"""Rules that hold for every prior of codes of the package."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats

from samplebench import Continuous, DensitySampler, Discrete, Latents, Mixture, seeded
from samplebench_codes import CodeHistogram, CodeMarkov, CodeTransformer, PixelCNN

QUICK: dict[str, Any] = {"epochs": 4, "batch": 64, "learning_rate": 2e-2}
CASES: list[tuple[type[DensitySampler], dict[str, Any]]] = [
    (CodeHistogram, {}),
    (CodeHistogram, {"smoothing": 0.0}),
    (CodeMarkov, {"backoff": 200.0}),
    (CodeMarkov, {"backoff": 0.5, "smoothing": 20.0}),
    (CodeTransformer, {"width": 16, "layers": 2, "heads": 2, **QUICK}),
    (CodeTransformer, {"width": 8, "layers": 1, "heads": 1, "temperature": 0.5, **QUICK}),
    (CodeTransformer, {"width": 8, "layers": 1, "heads": 1, "top_k": 2, **QUICK}),
    (PixelCNN, {"width": 8, "layers": 2, "kernel": 3, **QUICK}),
    (PixelCNN, {"width": 8, "layers": 1, "kernel": 3, "temperature": 2.0, **QUICK}),
    (PixelCNN, {"width": 8, "layers": 1, "kernel": 5, "top_k": 2, **QUICK}),
]
SPACES = [Discrete((3, 2), (2, 2)), Discrete((3,), (2, 2)), Discrete((4, 3, 2), (1, 2))]


def over(keep: Callable[[type[DensitySampler]], bool]) -> pytest.MarkDecorator:
    """The test for every sampler and settings for which ``keep`` is true."""
    return pytest.mark.parametrize(
        ("factory", "settings"),
        [
            pytest.param(factory, settings, id=f"{factory.__name__} {settings}")
            for factory, settings in CASES
            if keep(factory)
        ],
    )


every_sampler = over(lambda factory: True)
trained = over(lambda factory: factory in (CodeTransformer, PixelCNN))


def dependent(space: Discrete, samples: int = 300) -> Latents:
    """Codes that depend on those before them, with some that never occur."""
    rng = np.random.default_rng(0)
    codes = np.zeros((samples, space.sites, space.code_width), dtype=np.int64)
    previous = np.zeros(samples, dtype=np.int64)
    for site, depth in np.ndindex(space.sites, space.code_width):
        size = space.codebooks[depth]
        moves = rng.choice(3, samples, p=[0.6, 0.3, 0.1])
        previous = np.minimum((previous + moves) % size, max(1, size - 1 - site % 2))
        codes[:, site, depth] = previous
    return space.pack(codes=torch.from_numpy(codes))


def fitted(factory, settings, latents: Latents) -> DensitySampler:
    sampler = factory(**settings)
    with seeded(0, "fit"):
        sampler.fit(latents)
    return sampler


def everything(space: Discrete) -> Latents:
    """Every sequence of codes that there is."""
    places = [range(size) for _ in range(space.sites) for size in space.codebooks]
    return space.pack(codes=torch.tensor(list(itertools.product(*places))))


@every_sampler
@pytest.mark.parametrize("space", SPACES, ids=str)
def test_probabilities_add_up_to_one_and_are_those_of_the_draws(factory, settings, space):
    sampler = fitted(factory, settings, dependent(space))
    possible = everything(space)
    probabilities = sampler.log_prob(possible).exp().double().numpy()
    assert probabilities.sum() == pytest.approx(1, abs=1e-5)
    with seeded(0):
        drawn = sampler.sample(30_000)
    # The number of a sequence, by which `everything` is ordered.
    radices = np.array(space.codebooks * space.sites)
    scales = np.append(radices[1:][::-1].cumprod()[::-1], 1)
    numbers = drawn.codes.flatten(1).numpy() @ scales
    counts = np.bincount(numbers, minlength=len(probabilities))
    assert counts[probabilities == 0].sum() == 0
    common = probabilities * 30_000 >= 5
    observed = np.append(counts[common], counts[~common].sum())
    expected = np.append(probabilities[common], probabilities[~common].sum()) * 30_000
    kept = expected > 0
    assert kept.sum() > 10
    expected *= observed.sum() / expected.sum()  # it did to five decimals
    assert stats.chisquare(observed[kept], expected[kept]).pvalue > 1e-3


@every_sampler
@pytest.mark.parametrize(
    "space", [Discrete((5,)), Discrete((5, 3), (4,)), Discrete((2, 1), (2, 1, 3))], ids=str
)
def test_every_other_grid_is_learned_or_refused(factory, settings, space):
    sampler = factory(**settings)
    if factory is PixelCNN:
        assert sampler.objection(space) == "needs a two-dimensional grid"
        with pytest.raises(ValueError, match="two-dimensional grid"):
            sampler.fit(dependent(space))
    else:
        assert sampler.objection(space) is None
        sampler = fitted(factory, settings, dependent(space))
        probabilities = (
            sampler.log_prob(everything(space)).exp() if space.sites < 6 else torch.ones(1)
        )
        assert float(probabilities.sum()) == pytest.approx(1, abs=1e-5)
        assert sampler.sample(3).codes.shape == (3, *space.grid, space.code_width)


@every_sampler
def test_spaces_with_values_are_refused(factory, settings):
    for space in (Continuous(2, (2, 2)), Mixture(3, 2, (2, 2))):
        assert "takes discrete latents" in factory(**settings).objection(space)


@every_sampler
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_samples_keep_the_type_that_values_would_have(factory, settings, dtype):
    latents = dependent(SPACES[0])
    latents = Latents(latents.space, latents.values.to(dtype), latents.codes)
    sampler = fitted(factory, settings, latents)
    for count in (0, 1, 7):
        samples = sampler.sample(count)
        assert samples.values.dtype == dtype
        assert samples.codes.shape == (count, 2, 2, 2)
        assert sampler.log_prob(samples).shape == (count,)


@every_sampler
def test_a_fit_from_its_state_draws_and_reports_the_same(factory, settings):
    space = SPACES[0]
    sampler = fitted(factory, settings, dependent(space))
    state = {name: tensor.clone() for name, tensor in sampler.state().items()}
    restored = factory(**settings)
    before = torch.get_rng_state()
    restored.restore(space, state)
    assert torch.equal(torch.get_rng_state(), before)
    draws = []
    for one in (sampler, restored):
        with seeded(3):
            draws.append(one.sample(50).codes)
    assert torch.equal(*draws)
    assert sampler.diagnostics() == restored.diagnostics()
    assert torch.equal(sampler.log_prob(everything(space)), restored.log_prob(everything(space)))


@every_sampler
def test_latents_are_not_changed_and_only_their_distribution_is_kept(factory, settings):
    latents = dependent(SPACES[0])
    codes = latents.codes.clone()
    sampler = fitted(factory, settings, latents)
    assert torch.equal(latents.codes, codes)
    with seeded(1):
        before = sampler.sample(40).codes
    latents.codes.zero_()
    with seeded(1):
        assert torch.equal(sampler.sample(40).codes, before)


@every_sampler
def test_no_latents_and_those_of_another_space_are_refused(factory, settings):
    with pytest.raises(ValueError, match="at least one latent"):
        factory(**settings).fit(dependent(SPACES[0])[:0])
    sampler = fitted(factory, settings, dependent(SPACES[0]))
    with pytest.raises(ValueError, match="fitted to latents of"):
        sampler.log_prob(dependent(SPACES[1]))


@trained
def test_a_single_latent_cannot_be_learned_from_and_held_out(factory, settings):
    with pytest.raises(ValueError, match="at least two samples"):
        factory(**settings).fit(dependent(SPACES[0])[:1])
    fitted(factory, settings, dependent(SPACES[0])[:2])


@trained
def test_codes_are_impossible_only_by_a_setting_and_then_it_is_said(factory, settings):
    """A sampler that drew the two likeliest codes alone must not be spared the others."""
    space = Discrete((3, 2), (2, 2))
    sampler = fitted(factory, settings, dependent(space))
    assert sampler.no_density(space) is None
    codes = torch.cartesian_prod(*[torch.arange(3), torch.arange(2)] * 4)
    impossible = sampler.log_prob(space.pack(codes=codes)) == -torch.inf
    assert int((~impossible).sum()) == (2**8 if "top_k" in settings else 6**4)


@trained
def test_held_out_nats_are_the_mean_of_held_out_log_probabilities(factory, settings):
    """With all but one of equal latents held out, they are those of any of them."""
    if "temperature" in settings or "top_k" in settings:
        settings = {**settings, "temperature": 1.0, "top_k": None}
    space = SPACES[0]
    latents = space.pack(codes=dependent(space, 1).codes.expand(20, -1, -1, -1).clone())
    sampler = fitted(factory, settings, latents)
    nats = -float(sampler.log_prob(latents[:1])) / 8
    assert sampler.diagnostics()["held_out_nats"] == pytest.approx(nats, rel=1e-5)
    assert sampler.diagnostics()["steps"] == 4


@pytest.mark.parametrize(
    ("factory", "setting", "wrong"),
    [
        (CodeHistogram, "smoothing", -1.0),
        (CodeHistogram, "smoothing", float("nan")),
        (CodeMarkov, "backoff", 0.0),
        (CodeMarkov, "smoothing", -0.5),
        (CodeTransformer, "width", 130),
        (CodeTransformer, "layers", 0),
        (CodeTransformer, "heads", 0),
        (CodeTransformer, "dropout", 1.0),
        (PixelCNN, "kernel", 4),
        (PixelCNN, "width", 0),
        *(
            (factory, setting, wrong)
            for factory in (CodeTransformer, PixelCNN)
            for setting, wrong in [
                ("epochs", 0),
                ("batch", 0),
                ("patience", 0),
                ("learning_rate", 0.0),
                ("temperature", 0.0),
                ("top_k", 0),
            ]
        ),
    ],
)
def test_an_impossible_setting_is_refused_by_name(factory, setting, wrong):
    with pytest.raises(ValueError, match=f"{setting} must be"):
        factory(**{setting: wrong})


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_holding_out_all_latents_or_none_is_refused(share):
    with pytest.raises(ValueError, match="held_out is a share above 0 and below 1"):
        CodeTransformer(held_out=share)
