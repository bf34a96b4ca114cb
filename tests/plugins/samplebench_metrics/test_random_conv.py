"""The random network's features: always the same network, in a unit set by the training images."""

import pytest
import torch
from sklearn.datasets import load_digits

from samplebench import Split, seeded
from samplebench_metrics.frechet_distance import FrechetDistance
from samplebench_metrics.random_conv import RandomConv


def digits() -> Split:
    images = (torch.tensor(load_digits().images) * 255 / 16).round().to(torch.uint8)[:, None]
    with seeded(0, "shuffle"):
        return Split(images[torch.randperm(len(images))])


def test_it_is_the_same_network_whatever_was_drawn_before():
    one = RandomConv((3, 16, 16))
    torch.rand(5)
    other = RandomConv((3, 16, 16))
    images = torch.rand(4, 3, 16, 16)
    assert torch.equal(one.features(images), other.features(images))


def test_training_features_vary_by_one_on_average():
    train = digits()
    extractor = RandomConv((1, 8, 8))
    extractor.fit(train)
    variance = extractor.features(train.samples / 255).double().var(0, correction=0)
    assert float(variance.mean()) == pytest.approx(1, rel=1e-5)


def test_a_second_fit_forgets_the_first():
    train = digits()
    once, twice = RandomConv((1, 8, 8)), RandomConv((1, 8, 8))
    once.fit(train)
    twice.fit(Split(train.samples // 9))
    twice.fit(train)
    assert torch.equal(once.scale, twice.scale)


def test_images_that_are_all_the_same_leave_the_unit_alone():
    extractor = RandomConv((1, 8, 8))
    extractor.fit(Split(torch.full((5, 1, 8, 8), 7, dtype=torch.uint8)))
    assert extractor.scale == 1


def test_damaged_images_are_farther_than_fresh_ones(make_evidence):
    """The distance of untouched images is near its bias; noise, blur and a lost half are not."""
    images = digits().samples / 255
    fresh, test = images[:800], images[800:1600]
    extractor = RandomConv((1, 8, 8))
    extractor.fit(digits())
    torch.manual_seed(0)
    damaged = {
        "noise": (fresh + 0.2 * torch.randn_like(fresh)).clamp(0, 1),
        "blur": torch.nn.functional.avg_pool2d(fresh, 3, 1, 1),
        "half": torch.cat([fresh[..., :4], torch.zeros_like(fresh[..., 4:])], dim=-1),
    }

    def distance(generated):
        features = {"generated": extractor.features(generated), "test": extractor.features(test)}
        evidence = make_evidence(features=features)
        return FrechetDistance().measure(evidence) / FrechetDistance().bias(evidence)

    assert 0.3 < distance(fresh) < 2
    for name, generated in damaged.items():
        assert distance(generated) > 5, name


@pytest.mark.parametrize("width", [0, 30])
def test_a_width_that_three_layers_cannot_share_is_refused(width):
    with pytest.raises(ValueError, match="multiple of 4"):
        RandomConv((1, 8, 8), width=width)
