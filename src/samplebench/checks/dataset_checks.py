"""The rules for datasets."""

from collections import Counter
from pathlib import Path

import torch
from torch import Tensor

from samplebench.checks.case import CannotApply, Case, require, require_no_seeding, same
from samplebench.contracts.answers import check_apart, check_split
from samplebench.contracts.dataset import Dataset, Split
from samplebench.randomness import seeded


def constructing_reads_nothing(case: Case) -> None:
    """A dataset can be built where there are no files, and knows the shape of its images then."""
    nowhere = Path("/nonexistent/samplebench")
    dataset = case.chosen.build(nowhere)
    require(
        isinstance(getattr(dataset, "image_shape", None), tuple) and len(dataset.image_shape) == 3,
        "image_shape is not (channels, height, width) before anything is read",
    )


def both_splits_have_the_stated_image_shape(case: Case) -> None:
    """The images of both splits have ``image_shape``."""
    dataset: Dataset = case.build()
    for name, split in (("train", dataset.train()), ("test", dataset.test())):
        check_split(name, split, image_shape=dataset.image_shape)


def reading_twice_gives_the_same(case: Case) -> None:
    """A split is the same in the same order each time it is read, whatever the outer seed."""
    for read in ("train", "test"):
        first, again = _read(case, read, seed=1), _read(case, read, seed=2)
        require(same(first.images, again.images), f"{read}() gives other images the second time")
        require(
            (first.labels is None) == (again.labels is None)
            and (first.labels is None or same(first.labels, _labels(again))),
            f"{read}() gives other labels the second time",
        )


def the_splits_share_no_image(case: Case) -> None:
    """No test image is a training image."""
    dataset: Dataset = case.build()
    check_apart(dataset.train(), dataset.test())


def the_order_says_nothing_of_the_label(case: Case) -> None:
    """Neither split is sorted by class, so that any part of it is a fair sample."""
    dataset: Dataset = case.build()
    splits = {"train": dataset.train().labels, "test": dataset.test().labels}
    labelled = {name: labels for name, labels in splits.items() if labels is not None}
    expected = {name: _count_changes_when_shuffled(labels) for name, labels in labelled.items()}
    if max(expected.values(), default=0.0) < 10:
        raise CannotApply("it has no labels, or too few to tell")
    for name, labels in labelled.items():
        changes = int((labels.diff() != 0).sum())
        require(
            expected[name] < 10 or changes > expected[name] / 2,
            f"the label changes {changes} times from one image of {name}() to the next, where a "
            f"shuffled order has about {expected[name]:.0f}: shuffle with a fixed seed",
        )


def reading_never_seeds(case: Case) -> None:
    """Reading leaves no global generator seeded; a fixed shuffle draws inside ``seeded(...)``."""
    dataset: Dataset = case.build()
    require_no_seeding(dataset.test)
    require_no_seeding(dataset.train)


CHECKS = (
    constructing_reads_nothing,
    both_splits_have_the_stated_image_shape,
    reading_twice_gives_the_same,
    the_splits_share_no_image,
    the_order_says_nothing_of_the_label,
    reading_never_seeds,
)


def _read(case: Case, split: str, seed: int) -> Split:
    dataset: Dataset = case.build(seed)
    with seeded(seed, "outer"):
        return dataset.train() if split == "train" else dataset.test()


def _labels(split: Split) -> Tensor:
    return split.labels if split.labels is not None else torch.empty(0)


def _count_changes_when_shuffled(labels: Tensor) -> float:
    """Count the expected number of neighbours with different labels in a random order."""
    shares = [number / len(labels) for number in Counter(labels.tolist()).values()]
    return (len(labels) - 1) * (1 - sum(share**2 for share in shares))
