"""Floors of metrics, against brute force and against fresh data."""

import numpy as np
import ot
import pytest
import torch
from scipy import linalg
from torch import Tensor

from samplebench import Continuous, Evidence, Need, seeded
from samplebench.pipeline.request.measures import BoundMetric
from samplebench.pipeline.stages.core.extraction import FittedExtractor
from samplebench.pipeline.stages.core.floors import (
    RealData,
    RealFeatures,
    choose_subsets,
    measure_floors,
)
from samplebench.registry.loading import load_parts
from samplebench.vocabulary import Floor
from samplebench_metrics.frechet_distance import FrechetDistance
from samplebench_metrics.random_conv import RandomConv


def measure(
    train: Tensor, test: Tensor, count: int, metric: str = "frechet-distance"
) -> Floor | None:
    """The floor of a metric where images, features and latents are the same vectors."""
    parts, features = load_parts(), None
    subsets = choose_subsets(len(train), count)
    if metric == "frechet-distance":
        features = parts.features.choose("random-conv")[0]
    space = Continuous(train.shape[1])
    evidence = Evidence(
        {
            Need.TRAIN: lambda: torch.zeros(len(train), 1, 1, 1, dtype=torch.uint8),
            Need.TEST: torch.zeros(len(test), 1, 1, 1),
            Need.LATENTS: (space.pack(values=train), space.pack(values=test)),
        }
    )
    extracted = RealFeatures(
        FittedExtractor(RandomConv((1, 8, 8)), test, "none"), [train[rows] for rows in subsets]
    )
    real = RealData(
        (BoundMetric(parts.metrics.choose(metric)[0], features),),
        count,
        {features.key: extracted} if features else {},
    )
    (floor,) = measure_floors(0, real, evidence)
    return floor


def frechet(one: Tensor, other: Tensor) -> float:
    """The textbook formula with scipy's matrix square root, in float64."""
    a, b = one.double().numpy(), other.double().numpy()
    s, t = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    shift = ((a.mean(0) - b.mean(0)) ** 2).sum()
    return float(shift + np.trace(s + t - 2 * linalg.sqrtm(s @ t).real))


def sliced(train: Tensor, one: Tensor, other: Tensor) -> float:
    """POT's distance of standardised latents."""
    with seeded(0, "sliced-wasserstein projections"):
        normal = torch.randn(train.shape[1], 1000, dtype=torch.float64)
    mean, std = train.double().mean(0), train.double().std(0, correction=0)
    pair = [((latents.double() - mean) / std).numpy() for latents in (one, other)]
    return float(
        ot.sliced_wasserstein_distance(
            *pair, projections=(normal / normal.norm(dim=0)).numpy(), n_projections=1000
        )
    )


def skewed(count: int, width: int = 4) -> Tensor:
    """Draw what is no Gaussian, with dimensions that depend on each other."""
    return torch.randn(count, width).exp() @ torch.linspace(0.1, 1, width * width).view(width, -1)


def test_the_floor_of_the_frechet_distance_is_that_of_training_features_by_brute_force():
    torch.manual_seed(0)
    train, test = skewed(950), skewed(300)
    expected = [frechet(train[rows], test) for rows in choose_subsets(950, 200)]
    found = measure(train, test, 200)
    assert (len(found.values), found.count) == (4, 200)
    assert found.values == pytest.approx(expected, rel=1e-6)


def test_the_floor_of_sliced_w2_is_that_of_as_many_training_latents_by_brute_force():
    torch.manual_seed(1)
    train, test = skewed(450), skewed(300)
    expected = [sliced(train, train[rows], test) for rows in choose_subsets(450, 200)]
    found = measure(train, test, 200, "sliced-wasserstein")
    assert (len(found.values), found.count, found.bias) == (2, 200, None)
    assert found.values == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("metric", ["frechet-distance", "sliced-wasserstein"])
def test_fewer_training_samples_than_draws_have_no_floor(metric):
    """Fewer samples are farther away: their score is no floor for more of them."""
    torch.manual_seed(2)
    train, test = torch.randn(100, 3), torch.randn(80, 3)
    assert measure(train, test, 101, metric) is None
    assert measure(train, test, 100, metric).count == 100


@pytest.mark.slow
@pytest.mark.parametrize("metric", ["frechet-distance", "sliced-wasserstein"])
def test_where_training_and_held_out_samples_are_alike_the_floor_is_what_fresh_ones_score(metric):
    """Monte Carlo: means over 40 data sets, whose difference has 5 % of noise at most."""
    distance = {"frechet-distance": frechet}.get(metric)
    floors, scores = [], []
    for seed in range(40):
        torch.manual_seed(seed)
        train, test, fresh = (torch.randn(count, 8) * 2 for count in (600, 150, 200))
        floors.append(measure(train, test, 200, metric).mean)
        scores.append(distance(fresh, test) if distance else sliced(train, fresh, test))
    assert np.mean(floors) == pytest.approx(np.mean(scores), rel=0.1)


def test_where_training_and_held_out_samples_differ_the_floor_shows_it_and_the_bias_does_not():
    """Held-out samples of another mean: |m|² is added to the floor, as by other writers."""
    torch.manual_seed(3)
    train, test, move = torch.randn(3000, 5), torch.randn(600, 5), torch.full((5,), 0.4)
    alike, moved = (measure(train, held_out, 600) for held_out in (test, test + move))
    assert moved.mean - alike.mean == pytest.approx(float(move.square().sum()), rel=0.3)
    assert moved.bias == pytest.approx(alike.bias, rel=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("images", "others", "least", "most"),
    [
        (10, 10, 0.92, 1),
        (5, 5, 0.86, 0.95),
        (2, 2, 0.75, 0.83),
        (1, 1, 0.58, 0.66),
        (1, 20, 0.77, 0.88),
    ],
)
def test_the_bias_of_the_frechet_distance_is_too_low_where_images_are_few(
    make_evidence, images, others, least, most
):
    """Unit Gaussians of d = 40, by Monte Carlo; sizes are multiples of d, bounds of the truth."""
    d, scores, biases = 40, [], []
    for seed in range(60):
        torch.manual_seed(seed)
        generated, test = torch.randn(images * d, d), torch.randn(others * d, d)
        scores.append(frechet(generated, test))
        evidence = make_evidence(features={"generated": generated, "test": test})
        biases.append(FrechetDistance().bias(evidence))
    assert least < np.mean(biases) / np.mean(scores) < most
