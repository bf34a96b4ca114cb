"""Training images that are in test too."""

import pytest
import torch

from samplebench import DataMissing, Split
from samplebench_datasets.overlap import remove_overlap


def constant(*values: int) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.uint8).reshape(-1, 1, 1, 1).expand(-1, 3, 2, 2)


def test_training_images_that_are_in_test_are_left_out_with_their_labels():
    train = Split(constant(5, 1, 2, 1, 3), torch.arange(5))
    left = remove_overlap(train, Split(constant(1, 9, 3)))
    assert torch.equal(left.samples, constant(5, 2))
    assert left.labels.tolist() == [0, 2]


def test_copies_within_train_stay():
    train = Split(constant(4, 4))
    assert remove_overlap(train, Split(constant(5))) is train


def test_one_pixel_makes_another_image():
    images = constant(1, 2).clone()
    nearly = images.clone()
    nearly[:, 2, 1, 1] += 1
    assert len(remove_overlap(Split(images), Split(nearly))) == 2


def test_a_train_set_that_is_all_in_test_is_refused():
    with pytest.raises(DataMissing, match="every training sample"):
        remove_overlap(Split(constant(1, 2)), Split(constant(2, 1, 3)))
