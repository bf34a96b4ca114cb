"""Rules that hold for every metric of the package."""

import math
from contextlib import suppress
from itertools import product

import pytest
import torch

from samplebench import Continuous, Cost, Discrete, Evidence, Mixture, Need, NoNumber, Sparse
from samplebench_metrics import register_metrics

FACTORIES = {}
register_metrics(FACTORIES.__setitem__)
STAGES = ("train", "encode", "fit", "sample", "throughput", "decode")


@pytest.fixture
def evidence(make_evidence):
    """``evidence(noise)``: everything generated or reconstructed is off by noise of that size."""

    def make(noise: float) -> Evidence:
        generator = torch.Generator().manual_seed(0)
        images = torch.rand(150, 1, 12, 12, generator=generator)
        damage = noise * torch.randn(150, 1, 12, 12, generator=generator)
        latents = torch.randn(3, 150, 5, generator=generator)
        shift = noise * torch.randn(150, 5, generator=generator)
        clean, noisy = (shown[..., ::3, ::3].flatten(1) for shown in (images, images + damage))
        return make_evidence(
            test=images,
            reconstructed=(images + damage).clamp(0, 1),
            train_reconstructed=images.flip(0),
            generated=(images + damage).clamp(0, 1),
            train_latents=latents[0],
            test_latents=latents[1],
            generated_latents=latents[2] + shift,
            test_log_probs=-latents[1].square().sum(1) - noise,
            features={"test": clean, "reconstructed": noisy, "generated": noisy},
            costs={stage: Cost(1.0, 1.0, 2**20, 2**20, 10) for stage in STAGES},
        )

    return make


def coded(name: str, make_evidence, codes: int) -> Evidence:
    """Latents of so many codes, or of so many atoms where the metric takes no others."""
    column = torch.arange(64)[:, None] % codes
    if FACTORIES[name]().objection((1, 8, 8), Discrete((16,))) is None:
        return make_evidence(test_latents=Discrete((16,)).pack(codes=column))
    atoms = Sparse(16, 1).pack(values=torch.ones(64, 1), codes=column)
    return make_evidence(test_latents=atoms)


def measurable(name: str, evidence, make_evidence) -> Evidence:
    """Evidence that this metric has no objection to."""
    if FACTORIES[name]().objection((1, 8, 8), Continuous(5)) is None:
        return evidence(0.1)
    return coded(name, make_evidence, 8)


@pytest.mark.parametrize("name", FACTORIES)
def test_the_same_evidence_gives_the_same_bits(name, evidence, make_evidence):
    one, other = (
        FACTORIES[name]().measure(measurable(name, evidence, make_evidence)) for _ in range(2)
    )
    assert type(one) is float
    assert one == other


@pytest.mark.parametrize("name", FACTORIES)
def test_nothing_is_drawn_from_the_streams_outside(name, evidence, make_evidence):
    given = measurable(name, evidence, make_evidence)
    state = torch.get_rng_state()
    FACTORIES[name]().measure(given)
    FACTORIES[name]().bias(given)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize(
    "name",
    [
        "frechet-distance",
        "sliced-wasserstein",
        "reconstruction-mse",
        "psnr",
        "ssim",
        "reconstruction-frechet-distance",
    ],
)
def test_more_noise_is_worse(name, evidence):
    metric = FACTORIES[name]()
    scores = [metric.measure(evidence(noise)) for noise in (0.1, 0.5, 2.0)]
    assert scores == sorted(scores, reverse=metric.better == "higher")


@pytest.mark.parametrize("name", ["codebook-perplexity", "energy-perplexity", "codes-used"])
def test_fewer_codes_are_worse(name, make_evidence):
    metric = FACTORIES[name]()
    scores = [metric.measure(coded(name, make_evidence, codes)) for codes in (16, 8, 2)]
    assert metric.better == "higher"
    assert scores == sorted(scores, reverse=True)


def test_noise_does_not_make_latents_less_authentic_so_authenticity_ranks_nothing(evidence):
    metric = FACTORIES["latent-authenticity"]()
    scores = [metric.measure(evidence(noise)) for noise in (0.1, 0.5, 2.0)]
    assert metric.diagnostic
    assert scores == sorted(scores)


SPACES = (Continuous(5), Continuous(2, (2, 2)), Discrete((4,)), Mixture(4, 3), Sparse(8, 2))


def few(space, generated: int, held_out: int, size: int) -> Evidence:
    """Evidence of so few samples, with images of ``size`` × ``size``."""
    draw = torch.Generator().manual_seed(0)

    def latents(count: int):
        values = torch.randn(count, *space.grid, space.value_width, generator=draw)
        codes = torch.randint(4, (count, *space.grid, space.code_width), generator=draw)
        if isinstance(space, Sparse):
            codes = torch.arange(space.active).expand_as(codes)
        return space.pack(
            values=values if space.value_width else None, codes=codes if space.code_width else None
        )

    counts = {"test": held_out, "reconstructed": held_out, "generated": generated}
    shown = {
        name: torch.rand(count, 1, size, size, generator=draw) for name, count in counts.items()
    }
    features = torch.randn(size * size, 4, generator=draw)
    costs = {stage: Cost(1.0, 1.0, 2**20, 2**20, 10) for stage in STAGES}
    return Evidence(
        {
            **{Need(name): images for name, images in shown.items()},
            Need.TRAIN_RECONSTRUCTED: lambda: torch.rand(20, 1, size, size, generator=draw),
            Need.TRAIN: torch.zeros(20, 1, size, size, dtype=torch.uint8),
            Need.LABELS: (torch.arange(20) % 2, torch.arange(held_out) % 2),
            Need.LATENTS: (latents(20), latents(held_out)),
            Need.GENERATED_LATENTS: latents(generated),
            Need.FEATURES: lambda name: shown[name].flatten(1) @ features,
            Need.DENSITY: lambda: torch.randn(held_out, generator=draw),
            Need.COSTS: costs,
        }
    )


@pytest.mark.parametrize("size", [12, 4])
@pytest.mark.parametrize("name", FACTORIES)
def test_of_a_sample_or_two_there_is_a_number_or_a_reason_why_not(name, size):
    metric = FACTORIES[name]()
    spaces = [space for space in SPACES if metric.objection((1, 8, 8), space) is None]
    assert spaces
    for space, generated, held_out in product(spaces, (1, 2, 3), (1, 2, 3)):
        evidence = few(space, generated, held_out, size).restricted_to(metric.needs)
        scores: list[float | None] = []
        with suppress(NoNumber):
            scores = [metric.measure(evidence), metric.bias(evidence)]
        assert all(math.isfinite(score) for score in scores if score is not None)


def test_only_diagnostics_raise_an_alarm():
    metrics = {name: factory() for name, factory in FACTORIES.items()}
    assert {name for name, metric in metrics.items() if metric.alarm is not None} == {
        "closeness",
        "near-copies",
    }
    assert {name for name, metric in metrics.items() if metric.diagnostic} == {
        "authenticity",
        "closeness",
        "data-copying",
        "latent-authenticity",
        "near-copies",
    }
