"""Digits: the split, and enlarging against bilinear interpolation written out."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from samplebench_datasets.digits import Digits


def doubled(rows: np.ndarray) -> np.ndarray:
    """Bilinear at twice the size, along the first axis: 3/4 of the nearer row, 1/4 the other."""
    above = np.concatenate([rows[:1], rows[:-1]])
    below = np.concatenate([rows[1:], rows[-1:]])
    return np.stack([0.25 * above + 0.75 * rows, 0.75 * rows + 0.25 * below], axis=1).reshape(
        2 * len(rows), *rows.shape[1:]
    )


def by_pixels(images: np.ndarray, labels: np.ndarray) -> dict[bytes, int]:
    return {image.tobytes(): int(label) for image, label in zip(images, labels, strict=True)}


def test_every_digit_is_on_one_side_enlarged_bilinearly_and_labelled(tmp_path):
    source = load_digits()
    enlarged = [doubled(doubled(image).T).T for image in source.images]
    expected = np.round(np.stack(enlarged) * 255 / 16).astype(np.uint8)
    dataset = Digits(tmp_path)
    train, test = dataset.train(), dataset.test()
    assert (len(train), len(test)) == (1197, 600)
    found = by_pixels(train.samples.numpy(), train.labels) | by_pixels(
        test.samples.numpy(), test.labels
    )
    assert len(found) == 1797
    assert found == by_pixels(expected, source.target)


def test_at_their_own_size_digits_are_only_scaled(tmp_path):
    source = load_digits()
    expected = by_pixels(np.round(source.images * 255 / 16).astype(np.uint8), source.target)
    train = Digits(tmp_path, size=8).train()
    assert by_pixels(train.samples.numpy(), train.labels).items() <= expected.items()
    assert train.samples.max() == 255


def test_both_sides_hold_every_class_in_like_shares(tmp_path):
    dataset = Digits(tmp_path)
    assert dataset.train().labels.bincount().min() > 100
    assert dataset.test().labels.bincount().min() > 45


def test_digits_are_never_made_smaller(tmp_path):
    with pytest.raises(ValueError, match="at least 8"):
        Digits(tmp_path, size=7)
