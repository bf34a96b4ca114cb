"""The workspace: whole artefacts or none, under keys of what made them."""

import numpy as np
import pytest
import torch

from samplebench import Continuous, Dataset, Mixture, Split
from samplebench.errors import StorageError
from samplebench.pipeline.workspace import (
    Workspace,
    digest_of_tensors,
    key_of,
    load_latents,
    load_weights,
    save_latents,
)


class Fixed(Dataset):
    image_shape = (1, 2, 2)

    def __init__(self, images, labels=None):
        self.images, self.labels = images, labels

    def train(self):
        return Split(self.images, self.labels)

    def test(self):
        return Split(self.images[:1])


def images(seed):
    return torch.randint(256, (5, 1, 2, 2), generator=torch.manual_seed(seed)).byte()


def test_data_come_back_as_they_were_and_equal_data_have_equal_fingerprints(tmp_path):
    workspace = Workspace(tmp_path)
    labels = torch.arange(5)
    fingerprint = workspace.keep_data(Fixed(images(0), labels))
    data = workspace.data(fingerprint)
    assert torch.equal(data.train.images, images(0))
    assert torch.equal(data.train.labels, labels)
    assert data.test.labels is None
    assert workspace.keep_data(Fixed(images(0), labels)) == fingerprint
    assert workspace.keep_data(Fixed(images(1), labels)) != fingerprint
    assert workspace.keep_data(Fixed(images(0), labels.flip(0))) != fingerprint


def test_writing_to_loaded_images_does_not_change_what_is_kept(tmp_path):
    workspace = Workspace(tmp_path)
    fingerprint = workspace.keep_data(Fixed(images(0)))
    workspace.data(fingerprint).train.images.zero_()
    assert torch.equal(workspace.data(fingerprint).train.images, images(0))


def test_an_artefact_is_made_once_and_never_half(tmp_path):
    workspace, made = Workspace(tmp_path), []

    def fails(folder):
        (folder / "half").write_text("")
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        workspace.artefact("things", "key", fails)
    assert not list((tmp_path / "things").iterdir())
    for _ in range(2):
        place = workspace.artefact("things", "key", lambda folder: made.append(folder))
    assert len(made) == 1
    assert place == tmp_path / "things" / "key"


def test_a_workspace_that_cannot_be_written_is_told_as_such(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="choose another folder with --workspace"):
        Workspace(tmp_path / "file").artefact("things", "key", lambda folder: None)


def test_a_setting_that_names_a_file_counts_by_its_content(tmp_path):
    file = tmp_path / "weights"
    file.write_text("one")
    first = key_of({"weights": str(file)})
    file.write_text("two")
    assert key_of({"weights": str(file)}) != first
    copy = tmp_path / "copy"
    copy.write_text("one")
    assert key_of({"weights": str(copy)}) == first


@pytest.mark.parametrize("space", [Continuous(3), Mixture(4, 2, (2, 2))])
def test_latents_come_back_as_they_were(tmp_path, space):
    values = torch.randn(6, *space.grid, space.value_width)
    codes = torch.randint(4, (6, *space.grid, space.code_width))
    batch = space.pack(values=values, codes=codes if space.code_width else None)
    save_latents(tmp_path / "latents", train=batch, test=batch[:2])
    loaded = load_latents(tmp_path / "latents", space, torch.device("cpu"))
    assert torch.equal(loaded["train"].values, values)
    assert torch.equal(loaded["train"].codes, batch.codes)
    assert len(loaded["test"]) == 2


def test_a_digest_tells_names_types_shapes_and_values_apart():
    base = torch.arange(6.0)
    digests = {
        digest_of_tensors(tensors)
        for tensors in (
            {"a": base},
            {"b": base},
            {"a": base.double()},
            {"a": base.view(2, 3)},
            {"a": base + 1},
        )
    }
    assert len(digests) == 5
    assert digest_of_tensors({"a": base.clone()}) in digests


def test_a_file_that_holds_no_weights_is_told_as_such(tmp_path):
    np.save(tmp_path / "weights.npy", np.zeros(3))
    with pytest.raises(ValueError, match="is not a readable safetensors file"):
        load_weights(tmp_path / "weights.npy")
