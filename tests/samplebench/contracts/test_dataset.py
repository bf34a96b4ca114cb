"""Splits with wrong types or shapes cannot be built."""

import jaxtyping
import pytest
import torch

from samplebench import Split
from samplebench.contracts.dataset import count_shared

IMAGES = torch.zeros(3, 1, 4, 5, dtype=torch.uint8)


def test_a_split_has_the_length_of_its_images():
    assert len(Split(IMAGES)) == 3
    assert len(Split(IMAGES, torch.zeros(3, dtype=torch.int64))) == 3


def test_shared_images_are_counted_byte_for_byte():
    train = torch.arange(300).view(25, 1, 3, 4).remainder(251).byte()
    test = torch.cat([train[3:5], train[7:8].roll(1), train[4:5]])
    # By brute force: the first two and the last of the four are images of `train`.
    assert sum(bool((image == train).flatten(1).all(1).any()) for image in test) == 3
    assert count_shared(Split(train), Split(test)) == 3
    assert count_shared(Split(test), Split(train)) == 2
    assert count_shared(Split(train.transpose(0, 1).clone().transpose(0, 1)), Split(test)) == 3


@pytest.fixture(autouse=True)
def only_our_checks(monkeypatch):
    """Disable the checks of annotations that the tests add, which would raise first."""
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)


@pytest.mark.parametrize(
    "images", [IMAGES.float(), IMAGES[0], IMAGES[:0]], ids=["floats", "one image", "none"]
)
def test_images_of_a_wrong_type_or_shape_cannot_be_kept(images):
    with pytest.raises(ValueError, match=r"uint8 \(samples, channels|at least one image"):
        Split(images)


@pytest.mark.parametrize(
    "labels",
    [torch.zeros(2, dtype=torch.int64), torch.zeros(3), torch.zeros(3, 1, dtype=torch.int64)],
    ids=["too few", "floats", "a column"],
)
def test_labels_that_do_not_fit_the_images_cannot_be_kept(labels):
    with pytest.raises(ValueError, match=r"3 images need int64 labels \(3,\)"):
        Split(IMAGES, labels)
