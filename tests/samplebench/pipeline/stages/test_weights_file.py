"""Files of weights from elsewhere: their names are found, and nothing in them is run."""

import io
import os
import pickle
import re
import zipfile

import pytest
import torch
from safetensors.torch import save_file
from toy_parts import Linear, Untrainable

from samplebench.errors import BadCheckpoint
from samplebench.pipeline.exchange.pretrained import open_checkpoint
from samplebench.pipeline.stages.checkpoint import load_checkpoint
from samplebench.pipeline.stages.weights_file import read_weights

SHAPE = (1, 4, 4)


class Boom:
    """Leaves a folder behind when it is unpickled."""

    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return os.mkdir, (str(self.trace),)


def under(prefix, state):
    return {prefix + name: weight for name, weight in state.items()}


@pytest.fixture
def loads(tmp_path):
    """Saves some content, loads it into a fresh autoencoder, and compares with the original."""
    original = Linear(SHAPE)

    def loads(make, name="weights.pt", kind=Linear):
        content = make(original.state_dict())
        save = save_file if name.endswith(".safetensors") else torch.save
        save(content, tmp_path / name)
        fresh = kind(SHAPE)
        load_checkpoint(fresh, tmp_path / name)
        inner = fresh.network if kind is Untrainable else fresh
        weights = inner.state_dict()
        return all(torch.equal(weights[name], w) for name, w in original.state_dict().items())

    return loads


@pytest.mark.parametrize("name", ["w.pt", "w.PTH", "w.ckpt", "w.safetensors"])
@pytest.mark.parametrize("kind", [Linear, Untrainable])
@pytest.mark.parametrize("prefix", ["", "module.", "model.", "autoencoder.", "net.inner.ae."])
def test_names_are_found_under_the_prefix_of_any_module(loads, name, kind, prefix):
    assert loads(lambda state: under(prefix, state), name, kind)


@pytest.mark.parametrize("nest", ["state_dict", "model_state_dict", "model"])
def test_a_state_dict_is_found_in_what_trainers_save(loads, nest):
    lightning = {"epoch": 3, "optimizer_states": [{"step": torch.ones(2)}], "loops": {}}
    assert loads(lambda state: {nest: under("model.", state), **lightning})


def test_what_stands_beside_a_prefix_is_left_alone(loads):
    assert loads(lambda state: {**under("ae.", state), "critic.weight": torch.ones(3)})


def test_of_two_networks_the_one_that_fits_is_taken(loads):
    other = under("teacher.", Linear((1, 8, 8)).state_dict())
    assert loads(lambda state: {**other, **under("student.", state)})


def test_two_that_fit_are_refused_by_their_prefixes(loads):
    told = r"fit several times, under ema\. and model\.; save the ones to load in a file of their"
    with pytest.raises(BadCheckpoint, match=told):
        loads(lambda state: {**under("model.", state), **under("ema.", state)})


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda s: {k: w for k, w in s.items() if k != "encoder.bias"}, "encoder.bias is missing"),
        (lambda s: {**s, "encoder.scale": torch.ones(1)}, "encoder.scale is not part of it"),
        (lambda s: {**s, "encoder.bias": torch.ones(9)}, r"encoder.bias is \(9,\) instead of \(2"),
        (lambda s: {"other.weight": torch.ones(1)}, "decoder.bias is missing"),
    ],
)
@pytest.mark.parametrize("prefix", ["", "module."])
def test_what_differs_is_named_without_the_prefix(loads, change, told, prefix):
    with pytest.raises(BadCheckpoint, match=told):
        loads(lambda state: under(prefix, change(state)))


def write_pickle(path, content, protocol):
    path.write_bytes(pickle.dumps(content, protocol=protocol))


def write_archive(path, content, protocol):
    """What ``torch.save`` writes, with a pickle of one's own in it."""
    kept = io.BytesIO()
    torch.save({"weight": torch.ones(2)}, kept)
    with zipfile.ZipFile(kept) as read, zipfile.ZipFile(path, "w") as written:
        for name in read.namelist():
            harmful = pickle.dumps(content, protocol=protocol)
            written.writestr(name, harmful if name.endswith("data.pkl") else read.read(name))


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".ckpt", ".safetensors", ".pkl", ".bin", ""])
@pytest.mark.parametrize("write", [write_pickle, write_archive])
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_malicious_pickle_is_refused_and_runs_nothing(tmp_path, suffix, write, protocol):
    trace, path = tmp_path / "trace", tmp_path / f"weights{suffix}"
    for content in (Boom(trace), {"state_dict": {"encoder.weight": Boom(trace)}}):
        write(path, content, protocol)
        with pytest.raises(BadCheckpoint):
            read_weights(path)
        assert not trace.exists()
    with open(path, "rb") as file, zipfile.ZipFile(file) if write is write_archive else file as r:
        harmful = r.read("archive/data.pkl") if isinstance(r, zipfile.ZipFile) else r.read()
    pickle.loads(harmful)
    assert trace.exists()  # it was harmful indeed


def test_files_of_other_kinds_are_refused_before_they_are_opened(tmp_path):
    (tmp_path / "model.pkl").write_bytes(b"")
    told = r"model.pkl is not read: .* other pickles could run any code, so save .* state_dict\(\)"
    with pytest.raises(BadCheckpoint, match=told):
        open_checkpoint(str(tmp_path / "model.pkl"))


@pytest.mark.parametrize("version", ["2.5.1+cpu", "2.4.0"])
def test_an_old_torch_reads_no_pickle_and_any_safetensors(tmp_path, monkeypatch, version):
    torch.save({"weight": torch.ones(2)}, tmp_path / "weights.pt")
    save_file({"weight": torch.ones(2)}, tmp_path / "weights.safetensors")
    monkeypatch.setattr(torch, "__version__", version)
    told = rf"torch {re.escape(version)} cannot read one without the risk .* torch 2.6 or later"
    with pytest.raises(BadCheckpoint, match=told):
        read_weights(tmp_path / "weights.pt")
    assert set(read_weights(tmp_path / "weights.safetensors")) == {"weight"}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"epoch": 3, "best": 0.5}, "holds a dictionary of 'epoch', 'best', and no state dict"),
        ([torch.ones(2)], "holds a list, and no state dict"),
        ({"weight": torch.ones(2), "step": 3}, "a dictionary of 'weight', 'step', and no state"),
        (Linear(SHAPE), "holds Python objects besides tensors, which could run any code"),
    ],
)
def test_what_is_no_state_dict_is_told_as_such(tmp_path, content, told):
    torch.save(content, tmp_path / "weights.pt")
    with pytest.raises(BadCheckpoint, match=told):
        read_weights(tmp_path / "weights.pt")
