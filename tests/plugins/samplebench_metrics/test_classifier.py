"""The classifier's features: it learns, it needs labels, and it says how well it learned."""

import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier

from samplebench import SamplebenchError, Split
from samplebench_metrics.classifier import Classifier


def digits() -> Split:
    bunch = load_digits()
    images = (torch.tensor(bunch.images) * 255 / 16).round().to(torch.uint8)[:, None]
    return Split(images, torch.tensor(bunch.target))


def stripes(count: int) -> Split:
    """Two classes that are easy to separate: horizontal and vertical stripes in noise."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(0, 2, (count,), generator=generator)
    across = torch.tensor([[0, 200]]).repeat(8, 4)  # (8, 8)
    images = torch.where(labels[:, None, None] == 0, across, across.T)
    noise = torch.randint(0, 55, (count, 8, 8), generator=generator)
    return Split((images + noise).to(torch.uint8)[:, None], 7 * labels - 3)


def accuracy(extractor: Classifier) -> float:
    return extractor.facts["held-out accuracy of weights fitted on the spot"]


def test_it_learns_digits_so_that_another_classifier_finds_them_in_its_features():
    train = digits()
    extractor = Classifier((1, 8, 8), steps=100)
    extractor.fit(Split(train.samples[:1000], train.labels[:1000]))
    assert 0.9 < accuracy(extractor) < 1.0
    features = extractor.features(train.samples / 255).numpy()
    other = KNeighborsClassifier().fit(features[:1000], train.labels[:1000])
    assert other.score(features[1000:], train.labels[1000:]) > 0.9


def test_its_accuracy_is_that_on_images_it_did_not_learn():
    """Labels at random: what was learned by heart must not count."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(0, 10, (400,), generator=generator)
    images = torch.randint(0, 256, (400, 1, 8, 8), dtype=torch.uint8, generator=generator)
    extractor = Classifier((1, 8, 8), steps=100)
    extractor.fit(Split(images, labels))
    assert accuracy(extractor) < 0.4


def test_labels_may_be_any_numbers():
    extractor = Classifier((1, 8, 8), steps=60)
    extractor.fit(stripes(300))
    assert accuracy(extractor) == 1.0


def test_two_fits_give_the_same_features():
    one, other = Classifier((1, 8, 8), steps=5), Classifier((1, 8, 8), steps=5)
    train = stripes(200)
    one.fit(train)
    torch.rand(3)
    other.fit(stripes(150))
    other.fit(train)
    images = train.samples[:20] / 255
    assert torch.equal(one.features(images), other.features(images))


@pytest.mark.parametrize(
    ("labels", "complaint"),
    [(None, "have none; use features 'random-conv'"), (torch.full((4,), 3), "of class 3")],
)
def test_without_classes_it_refuses_and_says_what_to_use(labels, complaint):
    images = torch.zeros(4, 1, 8, 8, dtype=torch.uint8)
    with pytest.raises(SamplebenchError, match=complaint):
        Classifier((1, 8, 8)).fit(Split(images, labels))


@pytest.mark.parametrize("settings", [{"width": 0}, {"steps": 0}])
def test_settings_that_leave_nothing_are_refused(settings):
    with pytest.raises(ValueError, match="at least 1"):
        Classifier((1, 8, 8), **settings)
