"""Arrays from files."""

import math
from pathlib import Path

import torch

from samplebench import DataMissing, Dataset, Shape, Split, describe_shape, is_image, seeded
from samplebench.sample_files import (
    Channels,
    SampleFiles,
    convert,
    convert_labels,
    find_shape,
    is_file,
    is_table,
    require_file,
)
from samplebench_datasets.overlap import remove_overlap
from samplebench_datasets.standardising import standardise as standardise_by_train


class Arrays(Dataset):
    """Your own arrays or images, from files .npy, .npz, .safetensors, .csv or .parquet.

    The first axis counts samples. These are images, kept in 8 bits: uint8 with the axes (samples,
    channels, height, width) or (samples, height, width), and floats in [0, 1] with four axes,
    times 255 and rounded. All else are arrays, kept as float32: numbers with other axes, such as
    vectors (samples, 12); rows of a table are vectors. What has four axes and is neither uint8
    nor in [0, 1] is refused.

    Of .npz and .safetensors with several arrays, ``data.npz:key`` names one; without a key it is
    the one called ``samples``, or ``labels`` where labels are looked for. A .csv may have a header
    row, which is recognised by a cell that is no number. Without ``test``, one sample in six is
    held out. Order and split are random but always the same. A training sample that is also a test
    sample is left out of train.

    Args:
        train: the file of the training samples, or of all; a relative path is looked up in the
            data folder first.
        test: the file of the test samples; empty to hold out a sixth of ``train``.
        labels: the labels of ``train``, integers from 0: a file, or a column of a table by its
            name, or by its number from 1 in a .csv without names.
        test_labels: the labels of ``test``; empty where ``labels`` is a column of both tables.
        channels: "first" or "last", where the axis of channels is in images with four axes.
        standardise: True to subtract the training mean from each number of an array, and divide
            by its training std if that is not 0.
        flatten: True to take each sample as one vector of its numbers, whatever its axes.
        shuffle: False to keep the order of the files; needs ``test``.
        distinct: False to keep training samples that are also test samples: equal codes of
            different things are no leak.
    """

    def __init__(
        self,
        data_dir: Path,
        train: str = "",
        test: str = "",
        labels: str = "",
        test_labels: str = "",
        channels: Channels = "first",
        standardise: bool = False,
        flatten: bool = False,
        shuffle: bool = True,
        distinct: bool = True,
    ) -> None:
        for name, text in (("train", train), ("test", test)):
            require_file(name, text)
        _require_labels(train, test, labels, test_labels)
        self.train_files = SampleFiles(data_dir, train, labels)
        self.test_files = SampleFiles(data_dir, test, test_labels or labels) if test else None
        self.labels, self.test_labels = labels, test_labels
        self.channels: Channels = channels
        self.standardise, self.flatten = standardise, flatten
        self.shuffle, self.distinct, self.may_repeat = shuffle, distinct, not distinct
        if not shuffle and not test:
            raise ValueError("shuffle=False needs test: a held-out sixth is drawn at random")
        if flatten and channels == "last":
            raise ValueError("channels='last' is for images, and flatten=True makes vectors")

    @property
    def shape(self) -> Shape:  # type: ignore[override] # the contract allows a property
        """The shape of one sample, from the header of the training file.

        Raises:
            DataMissing: the file is absent, or its samples are refused.
        """
        shape = self._shape(self.train_files)
        if self.standardise and is_image(shape):
            raise DataMissing(
                f"standardise=True is for arrays, and {self.train_files.samples} has "
                f"{describe_shape(shape)}: leave it away."
            )
        return shape

    def train(self) -> Split:
        return self._read_both()[0]

    def test(self) -> Split:
        return self._read_both()[1]

    def _read_both(self) -> tuple[Split, Split]:
        """Read both splits, as each may change the other."""
        if self.test_files:
            self._require_same(self.train_files, self.test_files)
            train, test = (self._read(files) for files in (self.train_files, self.test_files))
            if self.shuffle:
                train, test = _shuffle(train), _shuffle(test)
        else:
            train, test = _hold_out(_shuffle(self._read(self.train_files)))
        if self.distinct:
            train = remove_overlap(train, test)
        return self._standardise(train, test) if self.standardise else (train, test)

    def _shape(self, files: SampleFiles) -> Shape:
        header = files.header()
        if self.flatten:
            return (math.prod(header.axes[1:]),)
        return find_shape(header, self.channels, files.samples)

    def _require_same(self, train: SampleFiles, test: SampleFiles) -> None:
        """Refuse splits with samples of two shapes, or with other columns.

        Raises:
            DataMissing: they differ.
        """
        one, other = self._shape(train), self._shape(test)
        if one != other:
            raise DataMissing(
                f"{train.samples} has {describe_shape(one)} and {test.samples} has "
                f"{describe_shape(other)}: train and test must be alike."
            )
        names, others = train.columns(), test.columns()
        if names is not None and others is not None and names != others:
            differ = next(pair for pair in zip(names, others, strict=True) if len(set(pair)) > 1)
            raise DataMissing(
                f"{train.samples} has a column {differ[0]!r} where {test.samples} has "
                f"{differ[1]!r}: put the columns of both in the same order."
            )

    def _read(self, files: SampleFiles) -> Split:
        shape = self.shape
        numbers, labels = files.read()
        if self.flatten:
            numbers = numbers.reshape(len(numbers), -1)
        samples = convert(numbers, shape, self.channels, files.samples)
        if labels is None:
            return Split(samples)
        name = files.labels if is_file(files.labels) else f"{files.samples}:{files.labels}"
        return Split(samples, convert_labels(labels, len(samples), name))

    def _standardise(self, train: Split, test: Split) -> tuple[Split, Split]:
        scaled = standardise_by_train(train.samples, test.samples)
        halves = zip(scaled, (train, test), (self.train_files, self.test_files), strict=True)
        one, other = (
            Split(
                convert(
                    numbers.numpy(),
                    self.shape,
                    "first",
                    f"{(files or self.train_files).samples}, standardised,",
                ),
                half.labels,
            )
            for numbers, half, files in halves
        )
        return one, other


def _require_labels(train: str, test: str, labels: str, test_labels: str) -> None:
    """Refuse labels of one split alone, and columns of what has none.

    Raises:
        ValueError: they are so.
    """
    if test_labels and not (test and labels):
        raise ValueError("test_labels needs test and labels too")
    if test and is_file(labels) and not test_labels:
        raise ValueError(f"labels={labels!r} are those of train; give test_labels too")
    tables = ((train, labels), (test, test_labels or labels))
    for file, column in tables:
        if file and column and not is_file(column) and not is_table(file):
            raise ValueError(
                f"labels={column!r} would be a column, and {file} is no table (.csv, .parquet); "
                "name a file of labels"
            )


def _shuffle(split: Split) -> Split:
    """Put samples in a random order that depends on their number alone."""
    with seeded(0, "arrays"):
        return _rows(split, torch.randperm(len(split)))


def _hold_out(split: Split) -> tuple[Split, Split]:
    """Split 5 to 1 into samples to train on and to test.

    Raises:
        DataMissing: there are fewer than six.
    """
    held_out = len(split) // 6
    if not held_out:
        raise DataMissing(
            f"{len(split)} samples are too few to hold out one in six: give 6 or more, or test."
        )
    return _rows(split, slice(held_out, None)), _rows(split, slice(held_out))


def _rows(split: Split, rows: torch.Tensor | slice) -> Split:
    labels = None if split.labels is None else split.labels[rows]
    return Split(split.samples[rows], labels)
