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
    """A dataset can be built where there are no files, and knows the shape of its samples then."""
    nowhere = Path("/nonexistent/samplebench")
    dataset = case.chosen.build(nowhere)
    require(
        isinstance(getattr(dataset, "shape", None), tuple)
        and all(isinstance(size, int) and size > 0 for size in dataset.shape),
        "shape is no tuple of sizes before anything is read",
    )


def both_splits_have_the_stated_shape(case: Case) -> None:
    """The samples of both splits have ``shape``."""
    dataset: Dataset = case.build()
    for name, split in (("train", dataset.train()), ("test", dataset.test())):
        check_split(name, split, shape=dataset.shape)


def reading_twice_gives_the_same(case: Case) -> None:
    """A split is the same in the same order each time it is read, whatever the outer seed."""
    for read in ("train", "test"):
        first, again = _read(case, read, seed=1), _read(case, read, seed=2)
        require(same(first.samples, again.samples), f"{read}() gives other samples again")
        require(
            (first.labels is None) == (again.labels is None)
            and (first.labels is None or same(first.labels, _labels(again))),
            f"{read}() gives other labels the second time",
        )


def the_splits_share_no_sample(case: Case) -> None:
    """No test sample is a training sample, unless the dataset says that samples may repeat."""
    dataset: Dataset = case.build()
    if dataset.may_repeat:
        raise CannotApply("it says that samples may repeat")
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
            f"the label changes {changes} times from one sample of {name}() to the next, where a "
            f"shuffled order has about {expected[name]:.0f}: shuffle with a fixed seed",
        )


def reading_never_seeds(case: Case) -> None:
    """Reading leaves no global generator seeded; a fixed shuffle draws inside ``seeded(...)``."""
    dataset: Dataset = case.build()
    require_no_seeding(dataset.test)
    require_no_seeding(dataset.train)


CHECKS = (
    constructing_reads_nothing,
    both_splits_have_the_stated_shape,
    reading_twice_gives_the_same,
    the_splits_share_no_sample,
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
