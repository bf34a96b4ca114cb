"""Arrays from files: images and arrays, splits, labels, standardisation, refusals."""

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.numpy import save_file
from sklearn.preprocessing import StandardScaler

from samplebench import DataMissing
from samplebench_datasets.arrays import Arrays

NOISE = np.random.default_rng(0)
VECTORS = NOISE.normal(size=(60, 5))
PIXELS = NOISE.integers(0, 256, (60, 3, 6, 4), dtype=np.uint8)


def put(folder, **arrays) -> None:
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)


def spoil(array: np.ndarray, value: float) -> np.ndarray:
    """The array with that value in the samples 7 and 20."""
    spoiled = array.copy()
    spoiled[[7, 20], 1] = value
    return spoiled


def rows(*parts) -> list[bytes]:
    """The samples of parts, in an order that does not matter."""
    return sorted(row.tobytes() for part in parts for row in np.asarray(part))


@pytest.mark.parametrize(
    ("array", "settings", "expected"),
    [
        (PIXELS, {}, PIXELS),
        (PIXELS.transpose(0, 2, 3, 1), {"channels": "last"}, PIXELS),
        (PIXELS[:, 0], {}, PIXELS[:, :1]),
        ((PIXELS / 255).astype(np.float32), {}, PIXELS),
        ((PIXELS / 255).astype(np.float16), {}, PIXELS),
        ((PIXELS / 255).transpose(0, 2, 3, 1), {"channels": "last"}, PIXELS),
        ((PIXELS % 2).astype(np.float64), {}, PIXELS % 2 * 255),
        (VECTORS, {}, VECTORS.astype(np.float32)),
        (PIXELS[:, 0, 0], {}, PIXELS[:, 0, 0].astype(np.float32)),
        (PIXELS[:, 0].astype(np.int64), {}, PIXELS[:, 0].astype(np.float32)),
        (PIXELS[:, 0] > 99, {}, (PIXELS[:, 0] > 99).astype(np.float32)),
        (PIXELS[:, None], {}, PIXELS[:, None].astype(np.float32)),
        (VECTORS.reshape(60, 1, 1, 5, 1), {}, VECTORS.reshape(60, 1, 1, 5, 1).astype("f4")),
    ],
)
def test_what_has_the_form_of_images_is_images_and_all_else_arrays(
    tmp_path, array, settings, expected
):
    put(tmp_path, samples=array)
    dataset = Arrays(tmp_path, train="samples.npy", **settings)
    train, test = dataset.train().samples, dataset.test().samples
    assert dataset.shape == expected.shape[1:] == tuple(train.shape[1:])
    assert train.dtype == (torch.uint8 if expected.dtype == np.uint8 else torch.float32)
    assert rows(train, test) == rows(expected)


@pytest.mark.parametrize(
    ("array", "settings", "reason"),
    [
        (
            PIXELS.astype(np.float32),
            {},
            r"values in \[0, 255\]: scale images to \[0, 1\].*one axis",
        ),
        (PIXELS / 255 - 0.5, {}, r"values in \[-0.5, 0.5\]"),
        (PIXELS.astype(np.int64), {}, "the type int64: save images as uint8"),
        (PIXELS.transpose(0, 2, 3, 1), {}, "last axis seems to be channels: add channels='last'"),
        (PIXELS.transpose(0, 3, 1, 2)[..., :5], {"channels": "last"}, "cannot be channels"),
        (VECTORS, {"channels": "last"}, "is for images with four axes"),
        (VECTORS[:, 0], {}, r"a single axis of 60 numbers.*\(samples, 1\)"),
        (VECTORS[:5], {}, "5 samples are too few"),
        (spoil(VECTORS, np.nan), {}, "NaN or infinity in 2 of 60 samples, sample 7"),
        (spoil(PIXELS / 255, np.inf), {}, "NaN or infinity in 2 of 60 samples, sample 7"),
        (VECTORS * 1e39, {}, "beyond ±3.4e.38 in sample 0"),
        (PIXELS, {"standardise": True}, "standardise=True is for arrays, and .* images 3×6×4"),
    ],
)
def test_other_arrays_are_refused_with_what_to_do(tmp_path, array, settings, reason):
    put(tmp_path, samples=array)
    with pytest.raises(DataMissing, match=reason) as caught:
        Arrays(tmp_path, train="samples.npy", **settings).train()
    assert "samples" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_shape_is_known_without_the_numbers(tmp_path):
    put(tmp_path, samples=VECTORS)
    whole = (tmp_path / "samples.npy").read_bytes()
    (tmp_path / "samples.npy").write_bytes(whole[:200])
    dataset = Arrays(tmp_path, train="samples.npy")
    assert dataset.shape == (5,)
    with pytest.raises(DataMissing, match=r"samples\.npy cannot be read"):
        dataset.train()


def test_one_sample_in_six_is_held_out_whatever_the_order_of_reading(tmp_path):
    put(tmp_path, samples=np.arange(65.0)[:, None])
    dataset = Arrays(tmp_path, train="samples.npy")
    test, train = dataset.test().samples, dataset.train().samples
    assert (len(train), len(test)) == (55, 10)
    assert sorted(torch.cat([train, test])[:, 0].tolist()) == list(range(65))
    assert torch.equal(Arrays(tmp_path, train="samples.npy").train().samples, train)
    ranks = test[:, 0].argsort()
    assert (ranks.diff() < 0).sum() >= 2  # neither the first ten nor in their order


def test_train_and_test_are_those_of_the_two_files_and_share_nothing(tmp_path):
    put(tmp_path, train=VECTORS[:40], test=VECTORS[38:])
    dataset = Arrays(tmp_path, train="train.npy", test="test.npy")
    assert rows(dataset.train().samples) == rows(VECTORS[:38].astype(np.float32))
    assert rows(dataset.test().samples) == rows(VECTORS[38:].astype(np.float32))
    put(tmp_path, train=VECTORS[38:50])
    with pytest.raises(DataMissing, match="every training sample is a test sample"):
        dataset.train()


def test_files_may_keep_their_order_and_what_they_share(tmp_path):
    put(tmp_path, train=VECTORS[:40], test=VECTORS[38:])
    dataset = Arrays(tmp_path, train="train.npy", test="test.npy", shuffle=False, distinct=False)
    assert np.array_equal(dataset.train().samples, VECTORS[:40].astype("f4"))
    assert np.array_equal(dataset.test().samples, VECTORS[38:].astype("f4"))
    assert dataset.may_repeat


@pytest.mark.parametrize("array", [PIXELS, PIXELS.astype(np.float64) - 300, VECTORS[:, 0]])
def test_flattened_samples_are_vectors_whatever_their_axes(tmp_path, array):
    put(tmp_path, train=array[:50], test=array[50:])
    dataset = Arrays(tmp_path, train="train.npy", test="test.npy", flatten=True, shuffle=False)
    expected = array[:50].reshape(50, -1).astype(np.float32)
    assert dataset.shape == expected.shape[1:]
    assert np.array_equal(dataset.train().samples, expected)


@pytest.mark.parametrize("form", ["npy", "npz", "safetensors", "csv", "parquet", "unnamed.csv"])
def test_labels_stay_with_their_samples_in_every_format(tmp_path, form):
    labels = np.arange(60) % 7
    table = pd.DataFrame(VECTORS, columns=list("abcde"))
    table.insert(2, "digit", labels)
    file = tmp_path / f"data.{form}"
    given = {"train": file.name, "labels": file.name}
    match form:
        case "npy":
            put(tmp_path, data=VECTORS, digits=labels[:, None])
            given["labels"] = "digits.npy"
        case "npz":
            np.savez(file, samples=VECTORS, labels=labels, more=labels)
        case "safetensors":
            save_file({"v": VECTORS, "labels": labels.astype(np.int32)}, file)
            given["train"] += ":v"
        case "csv":
            table.to_csv(file, index=False)
            given["labels"] = "digit"
        case "unnamed.csv":
            table.to_csv(file, index=False, header=False)
            given["labels"] = "3"
        case "parquet":
            pytest.importorskip("pyarrow")
            table.to_parquet(file, index=False)
            given["labels"] = "digit"
    dataset = Arrays(tmp_path, **given)
    assert dataset.shape == (5,)
    known = {row.tobytes(): label for row, label in zip(VECTORS.astype("f4"), labels, strict=True)}
    for split in (dataset.train(), dataset.test()):
        assert split.labels.dtype == torch.int64
        assert split.labels.tolist() == [known[row.tobytes()] for row in split.samples.numpy()]


def test_a_table_to_test_has_its_labels_in_the_same_column(tmp_path):
    table = pd.DataFrame({"x": VECTORS[:, 0], "kind": np.arange(60) % 2, "y": VECTORS[:, 1]})
    table[:50].to_csv(tmp_path / "train.csv", index=False)
    table[50:].to_csv(tmp_path / "test.csv", index=False)
    dataset = Arrays(tmp_path, train="train.csv", test="test.csv", labels="kind")
    assert dataset.test().labels.bincount().tolist() == [5, 5]
    assert dataset.shape == (2,)
    table[50:][["y", "kind", "x"]].to_csv(tmp_path / "test.csv", index=False)
    with pytest.raises(DataMissing, match=r"a column 'x' where test\.csv has 'y'.*same order"):
        dataset.train()
    table[50:][["x", "y"]].to_csv(tmp_path / "test.csv", index=False)
    with pytest.raises(
        DataMissing, match=r"labels='kind' must be one of several columns of .*x, y"
    ):
        dataset.train()


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        (np.arange(59), r"labels \(59,\) for 60 samples"),
        (np.zeros((60, 2)), r"labels \(60, 2\) for 60 samples"),
        (np.arange(60) / 2, "the label 0.5: labels are integers from 0"),
        (np.arange(60) - 1, "the label -1"),
        (np.full(60, np.nan), "the label nan"),
        (np.full(60, 2**64 - 1, np.uint64), "the label 18446744073709551615"),
        (np.full(60, "cat"), "no real numbers"),
    ],
)
def test_labels_that_are_none_are_refused(tmp_path, labels, reason):
    put(tmp_path, samples=VECTORS, labels=labels)
    with pytest.raises(DataMissing, match=reason) as caught:
        Arrays(tmp_path, train="samples.npy", labels="labels.npy").train()
    assert "labels.npy" in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"train": "a.txt"}, r"train='a.txt' is a file of none of the formats \.npy, \.npz"),
        ({"train": "a.npy", "test": "b"}, "test='b' is a file of none"),
        ({"train": "a.npy", "test_labels": "c.npy"}, "needs test and labels too"),
        ({"train": "a.npy", "test": "b.npy", "labels": "c.npy"}, "give test_labels too"),
        ({"train": "a.npy", "labels": "digit"}, "would be a column, and a.npy is no table"),
        ({"train": "a.csv", "test": "b.npy", "labels": "digit"}, "and b.npy is no table"),
        ({"train": "a.npy", "shuffle": False}, "shuffle=False needs test"),
        ({"train": "a.npy", "flatten": True, "channels": "last"}, "flatten=True makes vectors"),
    ],
)
def test_settings_that_do_not_fit_are_refused_before_anything_is_read(tmp_path, settings, reason):
    with pytest.raises(ValueError, match=reason):
        Arrays(tmp_path / "nothing", **settings)


def test_train_and_test_of_different_shapes_are_refused(tmp_path):
    put(tmp_path, train=VECTORS, test=VECTORS[:, :4])
    with pytest.raises(DataMissing, match=r"train\.npy has arrays 5 and test\.npy has arrays 4"):
        Arrays(tmp_path, train="train.npy", test="test.npy").test()


def test_a_file_is_looked_up_under_the_data_folder_then_here_then_as_it_is(tmp_path, monkeypatch):
    here, data = tmp_path / "here", tmp_path / "data"
    here.mkdir()
    data.mkdir()
    monkeypatch.chdir(here)
    with pytest.raises(DataMissing, match=rf"no file {data}/a\.npy or {here}/a\.npy"):
        Arrays(data, train="a.npy").train()
    with pytest.raises(DataMissing, match="given no file"):
        Arrays(data).train()
    put(here, a=VECTORS[:, :1])
    assert Arrays(data, train="a.npy").shape == (1,)
    put(data, a=VECTORS[:, :2])
    assert Arrays(data, train="a.npy").shape == (2,)
    assert Arrays(data, train=str(here / "a.npy")).shape == (1,)


def test_standardising_is_that_of_scikit_learn_by_the_training_samples(tmp_path):
    scales = np.array([1e-6, 1.0, 1e6, 3.0, 1.0])
    samples = VECTORS * scales + [0, 5, 1e7, 0, 0.1]
    samples[:, 4] = 0.1
    put(tmp_path, train=samples[:40], test=samples[35:])  # five are in both: not learned from
    dataset = Arrays(tmp_path, train="train.npy", test="test.npy", standardise=True)
    scaler = StandardScaler().fit(samples[:35].astype(np.float32).astype(np.float64))
    for split, given in ((dataset.train(), samples[:35]), (dataset.test(), samples[35:])):
        expected = scaler.transform(given.astype(np.float32).astype(np.float64))
        found, expected = (np.sort(part, axis=0) for part in (split.samples.numpy(), expected))
        assert np.allclose(found, expected, rtol=1e-5, atol=1e-6)
        assert (found[:, 4] == 0).all()


def test_standardised_samples_that_32_bits_cannot_hold_are_refused(tmp_path):
    put(tmp_path, train=VECTORS[:, :1] * 1e-30, test=VECTORS[:, 1:2] * 1e30)
    dataset = Arrays(tmp_path, train="train.npy", test="test.npy", standardise=True)
    with pytest.raises(DataMissing, match=r"test\.npy, standardised, has a number beyond"):
        dataset.test()
