"""Checkpoints: what is written is read again, and what does not fit is told in one message."""

import dataclasses
import json
import re
import shutil
from pathlib import Path

import pytest
import torch
from quick_process import run_python
from safetensors.torch import load_file, save_file

import samplebench
from samplebench.digests import digest_of_file
from samplebench.errors import BadCheckpoint, StorageError, UsageError
from samplebench.pipeline.exchange.checkpoint_folder import (
    CheckpointRecord,
    TrainingRecord,
    read_checkpoint,
    write_checkpoint,
)
from samplebench.pipeline.exchange.pretrained import open_checkpoint, recorded_autoencoder
from samplebench.pipeline.provenance import provenance
from samplebench.pipeline.stages.checkpoint import load_checkpoint
from samplebench.pipeline.stages.code import core_code
from samplebench.pipeline.stages.part_records import part_record
from samplebench.registry.loading import load_parts
from samplebench.registry.registry import Part, Registry

RELOADED = """
import sys
import torch
from safetensors.torch import load_file, save_file
import samplebench

torch.set_num_threads(1)
place, plugin, images, outputs = sys.argv[1:]
autoencoder = samplebench.load_autoencoder(place, plugins=[plugin])
with torch.no_grad():
    latents = autoencoder.encode(load_file(images)["images"])
    decoded = autoencoder.decode(latents)
save_file({"values": latents.values, "decoded": decoded}, outputs)
"""


@pytest.fixture(autouse=True)
def without_bundled_plugins(monkeypatch):
    monkeypatch.setattr("samplebench.registry.loading.entry_points", lambda group: [])


@pytest.fixture
def saved(bench, tmp_path):
    """``saved(spec, folder)``: an autoencoder that was never trained, and its checkpoint."""

    def saved(spec="linear(latent=3)", folder=tmp_path / "kept"):
        parts = load_parts(bench.site.plugins)
        chosen = parts.autoencoders.choose(spec)[0]
        autoencoder = chosen.build((1, 8, 8)).eval()
        weights = tmp_path / "made.safetensors"
        save_file(autoencoder.state_dict(), weights)
        training = TrainingRecord(
            dataset=part_record(parts.datasets.choose("stripes")[0]),
            samples=200,
            seed=7,
            budget={"epochs": 2},
            seconds=0.5,
            held_out=60,
            error=0.25,
        )
        record = CheckpointRecord(
            autoencoder=part_record(chosen),
            reference=chosen.part.reference,
            shape=(1, 8, 8),
            weights=digest_of_file(weights),
            training=training,
            provenance=provenance(bench.site, core_code(), [], suite="a suite", data="some data"),
        )
        write_checkpoint(folder, weights, record)
        return autoencoder, folder

    return saved


def change(folder, **changes):
    """Edit the record of a checkpoint by hand."""
    file = folder / "autoencoder.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def change_autoencoder(folder, **changes):
    content = json.loads((folder / "autoencoder.json").read_text())
    change(folder, autoencoder=content["autoencoder"] | changes)


def test_a_fresh_process_reloads_to_the_same_outputs_bit_for_bit(bench, saved, tmp_path):
    autoencoder, folder = saved()
    images = torch.rand(9, 1, 8, 8)
    save_file({"images": images}, tmp_path / "images.safetensors")
    words = [folder, bench.plugin, tmp_path / "images.safetensors", tmp_path / "outputs"]
    run_python(RELOADED, *words).check_returncode()
    outputs = load_file(tmp_path / "outputs")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.no_grad():
        latents = autoencoder.encode(images)
        assert torch.equal(outputs["values"], latents.values)
        assert torch.equal(outputs["decoded"], autoencoder.decode(latents))
    torch.set_num_threads(threads)


def test_a_checkpoint_says_all_that_is_needed_to_build_its_autoencoder(saved):
    _, folder = saved("linear(latent=3)")
    content = json.loads((folder / "autoencoder.json").read_text())
    assert {path.name for path in folder.iterdir()} == {"autoencoder.json", "weights.safetensors"}
    assert content["format"] == 3
    assert content["autoencoder"]["spec"] == "linear(latent=3)"
    assert content["autoencoder"]["settings"] == {"latent": 3}
    assert content["shape"] == [1, 8, 8]
    assert content["provenance"]["torch"] == torch.__version__
    assert content["reference"].startswith("A paper of the tests")


def test_loading_draws_nothing_from_the_streams_of_others(bench, saved):
    _, folder = saved()
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    loaded = samplebench.load_autoencoder(folder, plugins=[bench.plugin])
    assert not loaded.training
    assert not any(weight.requires_grad for weight in loaded.parameters())
    assert torch.equal(torch.rand(3), expected)


def test_a_checkpoint_replaces_a_checkpoint_and_nothing_else(saved, tmp_path):
    _, folder = saved("linear(latent=3)")
    saved("linear(latent=5)")
    assert load_file(folder / "weights.safetensors")["encoder.weight"].shape == (5, 64)
    (tmp_path / "empty").mkdir()
    saved(folder=tmp_path / "empty")
    (folder / "thesis.tex").write_text("years of work")
    before = (folder / "weights.safetensors").read_bytes()
    with pytest.raises(UsageError, match=r"is no checkpoint \(it holds thesis.tex\)"):
        saved()
    assert (folder / "weights.safetensors").read_bytes() == before
    bare = tmp_path / "bare" / "weights.safetensors"
    bare.parent.mkdir()
    bare.write_text("weights of somebody")
    with pytest.raises(UsageError, match=r"is no checkpoint \(it holds weights.safetensors\)"):
        saved(folder=bare.parent)
    with pytest.raises(UsageError, match="is there already and is a file"):
        saved(folder=bare)
    assert bare.read_text() == "weights of somebody"
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_checkpoint_that_cannot_be_exchanged_leaves_the_earlier_one(saved, monkeypatch):
    _, folder = saved("linear(latent=3)")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    rename = Path.rename

    def full(self, target):
        if self.name == "new":
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(StorageError, match=r"No space left on device.*--output"):
        saved("linear(latent=5)")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize("name", ["autoencoder.json", "weights.safetensors"])
def test_a_folder_without_one_of_its_files_is_no_checkpoint(saved, name):
    _, folder = saved()
    (folder / name).unlink()
    with pytest.raises(BadCheckpoint, match=f"is no checkpoint: it has no {name}"):
        open_checkpoint(str(folder))


def test_exchanged_or_damaged_weights_are_noticed(saved):
    _, folder = saved()
    weights = folder / "weights.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    with pytest.raises(BadCheckpoint, match="is not the file that autoencoder"):
        read_checkpoint(folder)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "is damaged: it is not JSON: Expecting property name"),
        ('{"model_type": "bert"}', "no record of a checkpoint: autoencoder: Field required"),
        ('{"format": 9, "new": 1}', "has format 9, and this samplebench reads formats 1 to 3"),
    ],
)
def test_a_foreign_record_is_told_as_such(saved, text, told):
    _, folder = saved()
    (folder / "autoencoder.json").write_text(text)
    with pytest.raises(BadCheckpoint, match=re.escape(told)):
        read_checkpoint(folder)


def test_nothing_there_and_a_bare_file_are_told(saved, bench):
    _, folder = saved()
    with pytest.raises(UsageError, match="there is no such file or folder"):
        samplebench.load_autoencoder("nowhere")
    with pytest.raises(BadCheckpoint, match="does not say of which autoencoder"):
        samplebench.load_autoencoder(folder / "weights.safetensors")


def test_an_autoencoder_that_is_not_installed_is_named_with_its_home(saved):
    _, folder = saved()
    told = r"'linear\(latent=3\)' from the file toy_parts.py, .* No autoencoder is called 'linear'"
    with pytest.raises(BadCheckpoint, match=told):
        samplebench.load_autoencoder(folder)


def test_a_plugin_that_is_broken_is_told_where_its_autoencoder_is_wanted(saved, tmp_path):
    _, folder = saved()
    (tmp_path / "toy.py").write_text("import nothing_of_that_name")
    with pytest.raises(BadCheckpoint, match=r"And plugin 'toy' of .* is not used: Module"):
        samplebench.load_autoencoder(folder, plugins=[tmp_path / "toy.py"])


def test_a_value_that_the_autoencoder_no_longer_takes_is_told(saved, bench):
    _, folder = saved()
    change_autoencoder(folder, spec="linear(latent=-1)", settings={"latent": -1})
    with pytest.raises(BadCheckpoint, match=r"'linear\(latent=-1\)' cannot be built"):
        samplebench.load_autoencoder(folder, plugins=[bench.plugin])


def in_format_2(content):
    """What was called images before samples could be anything else."""
    content["image_shape"] = content.pop("shape")
    content["training"]["images"] = content["training"].pop("samples")
    return content | {"format": 2}


def test_a_checkpoint_of_format_2_holds_the_same(saved):
    _, folder = saved()
    now = read_checkpoint(folder)
    content = in_format_2(json.loads((folder / "autoencoder.json").read_text()))
    (folder / "autoencoder.json").write_text(json.dumps(content))
    assert read_checkpoint(folder) == now


def test_a_checkpoint_of_format_1_loads_with_a_warning(saved, bench):
    autoencoder, folder = saved()
    content = in_format_2(json.loads((folder / "autoencoder.json").read_text()))
    del content["provenance"]["core"], content["provenance"]["jobs"]
    content["provenance"]["harness"] = "7df18152f01c2744"
    (folder / "autoencoder.json").write_text(json.dumps(content | {"format": 1}))
    with pytest.warns(UserWarning, match="is not the same: results may differ"):
        loaded = samplebench.load_autoencoder(folder, plugins=[bench.plugin])
    assert torch.equal(loaded.encoder.weight, autoencoder.encoder.weight)


def test_settings_that_no_longer_exist_are_told(saved, bench):
    _, folder = saved()
    change_autoencoder(folder, spec="linear(depth=3)", settings={"depth": 3})
    with pytest.raises(BadCheckpoint, match="has no setting 'depth'"):
        samplebench.load_autoencoder(folder, plugins=[bench.plugin])


def test_weights_of_another_shape_are_told(saved, bench):
    _, folder = saved()
    change_autoencoder(folder, spec="linear(latent=4)", settings={"latent": 4})
    with pytest.raises(BadCheckpoint, match=r"decoder.weight is \(64, 3\) instead of \(64, 4\)"):
        samplebench.load_autoencoder(folder, plugins=[bench.plugin])


def test_other_code_is_a_warning(saved, bench):
    _, folder = saved()
    change_autoencoder(folder, code="0" * 16)
    told = r"with the file toy_parts.py and samplebench .* is not the same"
    with pytest.warns(UserWarning, match=told):
        samplebench.load_autoencoder(folder, plugins=[bench.plugin])


def test_other_code_of_the_harness_is_a_warning(saved, bench):
    _, folder = saved()
    content = json.loads((folder / "autoencoder.json").read_text())
    change(folder, provenance=content["provenance"] | {"core": "0" * 16})
    with pytest.warns(UserWarning, match="is not the same: results may differ"):
        samplebench.load_autoencoder(folder, plugins=[bench.plugin])


def test_weights_that_are_not_finite_are_told(saved, tmp_path):
    autoencoder, _ = saved()
    weights = {name: weight.clone() for name, weight in autoencoder.state_dict().items()}
    weights["decoder.bias"][0] = torch.nan
    save_file(weights, tmp_path / "broken.safetensors")
    with pytest.raises(BadCheckpoint, match=r"not finite, in decoder.bias"):
        load_checkpoint(autoencoder, tmp_path / "broken.safetensors")


@pytest.mark.parametrize("kind", [torch.int64, torch.float64, torch.float16])
def test_weights_of_another_type_are_told(saved, tmp_path, kind):
    autoencoder, _ = saved()
    weights = {name: weight.to(kind) for name, weight in autoencoder.state_dict().items()}
    save_file(weights, tmp_path / "cut.safetensors")
    with pytest.raises(BadCheckpoint, match=rf"decoder.bias is {kind} instead of torch.float32"):
        load_checkpoint(autoencoder, tmp_path / "cut.safetensors")


def test_a_default_that_has_changed_since_changes_nothing(saved, bench):
    """The record has every setting, so the ones that were left out are known too."""

    def factory(shape, latent: int = 9, sizes: tuple[int, ...] = (1,), new: bool = False):
        raise AssertionError("not built")

    _, folder = saved("linear")
    change_autoencoder(folder, settings={"latent": 2, "sizes": [4, 5]})
    parts = load_parts(bench.site.plugins)
    newer = Registry("autoencoder", [Part("autoencoder", "linear", factory, parts.plugins[0])])
    parts = dataclasses.replace(parts, autoencoders=newer)
    chosen = recorded_autoencoder(read_checkpoint(folder), parts)
    assert chosen.settings == {"latent": 2, "sizes": (4, 5), "new": False}


def test_a_run_takes_a_folder_as_it_takes_the_bare_file(bench, saved):
    _, folder = saved("linear")
    digests = {
        str(place): bench.plan(weights=open_checkpoint(str(place)).weights).cells[0].loaded
        for place in (folder, folder / "weights.safetensors")
    }
    assert set(digests.values()) == {read_checkpoint(folder).weights}


def test_a_linked_folder_stays_a_link(saved, tmp_path):
    saved(folder=tmp_path / "real")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    saved("linear(latent=5)", folder=tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert read_checkpoint(tmp_path / "real").autoencoder.settings == {"latent": 5}


def test_a_copied_folder_is_a_checkpoint(saved, bench, tmp_path):
    autoencoder, folder = saved()
    copy = shutil.copytree(folder, tmp_path / "copy")
    loaded = samplebench.load_autoencoder(copy, plugins=[bench.plugin])
    assert torch.equal(loaded.encoder.weight, autoencoder.encoder.weight)
