"""Rules that every bundled dataset keeps."""

import numpy as np
import pytest
import torch

from samplebench import DataMissing, Dataset
from samplebench_datasets import register_datasets

OFFERED = {}
register_datasets(lambda name, factory: OFFERED.__setitem__(name, factory))

SETTINGS = {
    "clocks": {"train_images": 300, "test_images": 200, "every": 72},
    "image-folder": {"path": "pictures"},
    "arrays": {
        **{"train": "train.npy", "test": "test.npy"},
        **{"labels": "train-labels.npy", "test_labels": "test-labels.npy"},
    },
}

every_dataset = pytest.mark.parametrize("name", sorted(OFFERED))


def build(name, data_dir) -> Dataset:
    return OFFERED[name](data_dir, **SETTINGS.get(name, {}))


@every_dataset
def test_a_dataset_is_built_without_its_files_and_knows_its_shape(name, tmp_path):
    dataset = build(name, tmp_path / "nothing")
    if name == "arrays":
        with pytest.raises(DataMissing, match=r"There is no file .*nothing"):
            dataset.shape  # noqa: B018 # a property that looks
    elif name == "spoken-digit-numbers":
        assert dataset.shape == (12,)
    else:
        channels, height, width = dataset.shape
        assert channels in (1, 3)
        assert height == width >= 16
    assert not (tmp_path / "nothing").exists()


@every_dataset
def test_samples_have_the_shape_that_was_promised(name, write, tmp_path):
    write(name)
    dataset = build(name, tmp_path)
    for split in (dataset.train(), dataset.test()):
        assert split.samples.shape[1:] == dataset.shape
        assert split.samples.is_contiguous()
        if split.samples.dtype == torch.uint8:
            assert split.samples.float().std() > 20  # neither blank nor scaled to [0, 1]
        else:
            assert split.samples.std() > 0.5


@every_dataset
def test_train_and_test_share_no_sample(name, write, tmp_path):
    write(name)
    dataset = build(name, tmp_path)
    train, test = (
        {image.tobytes() for image in split.samples.numpy()}
        for split in (dataset.train(), dataset.test())
    )
    assert train
    assert test
    assert not train & test


@every_dataset
def test_reading_twice_gives_the_same_and_draws_nothing(name, write, tmp_path):
    write(name)
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    first = build(name, tmp_path)
    first_parts = first.train(), first.test()
    assert torch.equal(torch.rand(3), expected)
    second = build(name, tmp_path)
    for one, other in zip(first_parts, (second.train(), second.test()), strict=True):
        assert torch.equal(one.samples, other.samples)
        assert (one.labels is None) == (other.labels is None)
        assert one.labels is None or torch.equal(one.labels, other.labels)


@every_dataset
def test_labels_are_classes_from_zero_in_no_order(name, write, tmp_path):
    write(name)
    dataset = build(name, tmp_path)
    for split in (dataset.train(), dataset.test()):
        if name == "celeba":
            assert split.labels is None
            continue
        assert sorted(set(split.labels.tolist())) == list(range(10))
        assert (split.labels.diff() < 0).sum() > len(split) / 4


@pytest.mark.parametrize("name", sorted(set(OFFERED) - {"digits", "clocks"}))
@pytest.mark.parametrize("part", ["train", "test"])
def test_absent_files_are_named_with_the_place_where_they_go(name, part, tmp_path):
    with pytest.raises(DataMissing) as caught:
        getattr(build(name, tmp_path), part)()
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize("name", sorted(set(OFFERED) - {"celeba"}))
def test_a_data_folder_that_holds_everything_is_only_read(name, write, tmp_path):
    write(name)
    folders = [tmp_path, *(path for path in tmp_path.rglob("*") if path.is_dir())]
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    for folder in folders:
        folder.chmod(0o555)
    try:
        dataset = build(name, tmp_path)
        dataset.train()
        dataset.test()
    finally:
        for folder in folders:
            folder.chmod(0o755)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist", "kmnist", "cifar10", "svhn"])
def test_torchvision_sets_hold_what_their_files_hold_in_that_order(name, write, tmp_path):
    written = write(name)
    dataset = build(name, tmp_path)
    for part in ("train", "test"):
        split = getattr(dataset, part)()
        assert np.array_equal(split.samples.numpy(), getattr(written, part))
        assert split.labels.tolist() == written.labels[part].tolist()
