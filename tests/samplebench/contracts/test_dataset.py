"""Splits with wrong types or shapes cannot be built."""

import jaxtyping
import pytest
import torch

from samplebench import Split
from samplebench.contracts.dataset import as_floats, count_shared, require_image

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


@pytest.mark.parametrize("shape", [(12,), (6, 5), (2, 3, 4, 5)])
def test_arrays_of_any_shape_but_that_of_images_are_kept_as_they_are(shape):
    arrays = torch.randn(7, *shape)
    assert torch.equal(as_floats(Split(arrays).samples), arrays)
    with pytest.raises(ValueError, match="takes images, and these samples are arrays"):
        require_image(shape)


def test_images_have_three_axes_and_become_floats_in_0_to_1():
    assert require_image((3, 8, 9)) == (3, 8, 9)
    assert as_floats(torch.tensor([0, 51, 255], dtype=torch.uint8)).tolist() == pytest.approx(
        [0, 0.2, 1]
    )


@pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
def test_numbers_that_are_not_finite_cannot_be_kept(wrong):
    arrays = torch.zeros(4, 3)
    arrays[2, 1] = wrong
    with pytest.raises(ValueError, match="must be finite"):
        Split(arrays)


@pytest.mark.parametrize(
    "images",
    [IMAGES.float(), IMAGES[0], IMAGES[:0], torch.zeros(3), torch.zeros(3, 2).double()],
    ids=["floats", "one image", "none", "numbers", "double precision"],
)
def test_images_of_a_wrong_type_or_shape_cannot_be_kept(images):
    with pytest.raises(ValueError, match=r"uint8 \(samples, channels|at least one sample"):
        Split(images)


@pytest.mark.parametrize(
    "labels",
    [torch.zeros(2, dtype=torch.int64), torch.zeros(3), torch.zeros(3, 1, dtype=torch.int64)],
    ids=["too few", "floats", "a column"],
)
def test_labels_that_do_not_fit_the_images_cannot_be_kept(labels):
    with pytest.raises(ValueError, match=r"3 samples need int64 labels \(3,\)"):
        Split(IMAGES, labels)
