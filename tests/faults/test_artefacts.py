"""Artefacts of a workspace, checkpoints and fitted samplers: damaged, exchanged, or no files."""

import gc
import json
import os
import pickle
import shutil
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from samplebench import Continuous, fit_sampler, load_sampler, save_sampler
from samplebench.errors import SamplebenchError

AGAIN = ("--again", "--seeds", "0", "--only", "*/normal/*", "--only", "*/reconstruction/*")


def flip_middle(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def put_fifo(path):
    path.unlink()
    os.mkfifo(path)


def put_link(path):
    kept = path.with_suffix(".elsewhere")
    path.rename(kept)
    path.symlink_to(kept)


def put_device(path):
    path.unlink()
    path.symlink_to("/dev/zero")


FILES = {
    "weights": "autoencoders/*/weights.safetensors",
    "latents": "autoencoders/*/latents.safetensors",
    "costs": "autoencoders/*/about.json",
    "test features": "features/*/test.safetensors",
    "extractor": "features/*/weights.safetensors",
    "features of real data": "real/*/real.safetensors",
    "training samples": "samples/*/train-samples.npy",
    "test samples": "samples/*/test-samples.npy",
    "digests": "autoencoders/*/digests.json",
}


@pytest.mark.parametrize("pattern", FILES.values(), ids=FILES)
def test_a_flipped_bit_in_the_workspace_is_noticed_and_the_work_done_again(measured, pattern):
    files = list(measured.workspace.glob(pattern))
    assert files
    whole = {file: file.read_bytes() for file in files}
    for file in files:
        flip_middle(file)
    assert_scores_are_those_of_whole_work(measured)
    if "about" not in pattern and "digests" not in pattern:  # times and their digests differ
        used = [file for file in files if file.read_bytes() == whole[file]]
        assert used


WHOLE = {
    "empty": lambda path: path.write_bytes(b""),
    "half": lambda path: os.truncate(path, path.stat().st_size // 2),
    "absent": lambda path: path.unlink(),
    "a FIFO": put_fifo,
    "a link": put_link,
    "an endless device": put_device,
    "no folder": lambda path: (shutil.rmtree(path.parent), path.parent.write_bytes(b"")),
    "a dangling link for a folder": lambda path: (
        shutil.rmtree(path.parent),
        path.parent.symlink_to("nowhere"),
    ),
    "a file more": lambda path: (path.parent / "more").write_bytes(b""),
    "a future format": lambda path: (path.parent / "digests.json").write_text('{"format": 9}'),
    "20,000 deep": lambda path: (path.parent / "digests.json").write_text("[" * 20_000),
}


@pytest.mark.parametrize("damage", WHOLE.values(), ids=WHOLE)
def test_a_damaged_workspace_is_made_again(measured, damage):
    for file in measured.workspace.glob("autoencoders/*/latents.safetensors"):
        damage(file)
    assert_scores_are_those_of_whole_work(measured)


def assert_scores_are_those_of_whole_work(measured):
    assert measured.run(*AGAIN) == 0, measured.err
    assert measured.scores() == measured.truth


@pytest.fixture(scope="module")
def trained(_measured, faults_place):
    """A checkpoint of the toy autoencoder."""
    place = faults_place
    asked = ("--dataset", "stripes", "--autoencoder", "linear", "--epochs", "1", "--quiet")
    toys = ("--plugin", place.helpers / "toy_parts.py", "--output", place.folder / "kept")
    folders = ("--workspace", place.workspace, "--data-dir", place.data)
    gc.freeze()
    assert place.command("train", *asked, *toys, *folders) == 0, place.err
    return place.folder / "kept"


class Evil:
    """A pickle that would run a command."""

    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return os.system, (f"touch {self.trace}",)


def change_record(folder, **changes):
    file = folder / "autoencoder.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def put_in_record(text):
    return lambda folder: (folder / "autoencoder.json").write_text(text)


def bad_number(folder):
    tensors = load_file(folder / "weights.safetensors")
    tensors["encoder.weight"][0, 0] = float("nan")
    save_file(tensors, folder / "weights.safetensors")


CHECKPOINTS = {
    "weights flipped": lambda folder: flip_middle(folder / "weights.safetensors"),
    "weights empty": lambda folder: (folder / "weights.safetensors").write_bytes(b""),
    "weights half": lambda folder: os.truncate(folder / "weights.safetensors", 100),
    "weights NaN": bad_number,
    "weights a FIFO": lambda folder: put_fifo(folder / "weights.safetensors"),
    "weights endless": lambda folder: put_device(folder / "weights.safetensors"),
    "record empty": put_in_record(""),
    "record 20,000 deep": put_in_record("[" * 20_000),
    "record of 5,000 digits": put_in_record('{"format": ' + "9" * 5000 + "}"),
    "record of the future": lambda folder: change_record(folder, format=99),
    "record of another digest": lambda folder: change_record(folder, weights="0" * 16),
    "record with an escape": lambda folder: change_record(folder, shape="\x1b]0;owned\x07"),
    "record a FIFO": lambda folder: put_fifo(folder / "autoencoder.json"),
    "record endless": lambda folder: put_device(folder / "autoencoder.json"),
    "record a terabyte": lambda folder: os.truncate(folder / "autoencoder.json", 2**40),
}


@pytest.mark.parametrize("damage", CHECKPOINTS.values(), ids=CHECKPOINTS)
def test_a_damaged_checkpoint_is_refused_in_a_line(trained, place, damage):
    shutil.copytree(trained, folder := place.folder / "kept")
    damage(folder)
    assert place.run("--checkpoint", folder) == 2
    assert_one_line(place)


def assert_one_line(place):
    assert place.out == ""
    assert len(place.err.splitlines()) == 1
    assert 0 < len(place.err) < 2000
    assert "\x1b" not in place.err
    assert not place.results.exists()


def save_evil(path, trace):
    torch.save({"encoder.weight": Evil(trace)}, path)


def save_evil_plainly(path, trace):
    path.write_bytes(pickle.dumps(Evil(trace)))


def save_bomb(path, trace):
    """A gigabyte of zeros in a megabyte: torch itself never compresses."""
    torch.save({"encoder.weight": torch.zeros(2, 64)}, whole := path.with_suffix(".whole"))
    with zipfile.ZipFile(whole) as read, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bomb:
        for name in read.namelist():
            large = name.endswith("data/0")
            bomb.writestr(name, bytes(2**30) if large else read.read(name))


def save_huge_header(path, trace):
    path.write_bytes((2**62).to_bytes(8, "little") + b"{}")


def save_overlong(path, trace):
    header = json.dumps(
        {"encoder.weight": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}}
    )
    path.write_bytes(len(header).to_bytes(8, "little") + header.encode())


WEIGHTS = {
    "a pickle in an archive": ("w.pt", save_evil),
    "a plain pickle": ("w.pth", save_evil_plainly),
    "a pickle called safetensors": ("w.safetensors", save_evil_plainly),
    "a pickle of another name": ("w.pkl", save_evil_plainly),
    "a bomb": ("w.pt", save_bomb),
    "a header of 2^62 bytes": ("w.safetensors", save_huge_header),
    "a tensor of 2^40 numbers": ("w.safetensors", save_overlong),
    "no weights": ("w.safetensors", lambda path, trace: path.write_bytes(b"")),
    "a folder": ("w.safetensors", lambda path, trace: path.mkdir()),
    "a FIFO": ("w.safetensors", lambda path, trace: os.mkfifo(path)),
}


@pytest.mark.parametrize(("name", "save"), WEIGHTS.values(), ids=WEIGHTS)
def test_hostile_weights_are_refused_in_a_line_and_nothing_runs(place, name, save):
    trace = place.folder / "executed"
    save(place.folder / name, trace)
    code = place.run("--checkpoint", place.folder / name, "--autoencoder", "linear")
    assert code == 2
    assert_one_line(place)
    assert not trace.exists()


SAMPLERS = {
    "empty": lambda path: path.write_bytes(b""),
    "half": lambda path: os.truncate(path, path.stat().st_size // 2),
    "a pickle": lambda path: path.write_bytes(pickle.dumps(Evil("/dev/null"))),
    "a FIFO": put_fifo,
    "an endless device": put_device,
    "a header of 2^62 bytes": lambda path: save_huge_header(path, None),
    **{
        f"bit {byte} flipped": lambda path, byte=byte: flip_byte(path, byte)
        for byte in (0, 9, 40, 100, 200, 400)
    },
}


def flip_byte(path, byte):
    data = bytearray(path.read_bytes())
    data[byte] ^= 4
    path.write_bytes(data)


@pytest.mark.parametrize("damage", SAMPLERS.values(), ids=SAMPLERS)
def test_a_damaged_sampler_file_is_refused(tmp_path, damage):
    toys = {"plugins": [Path(__file__).parent / "shouting.py"]}
    latents = Continuous(3).pack(values=torch.arange(60.0).reshape(20, 3))
    path = tmp_path / "sampler.safetensors"
    save_sampler(fit_sampler("kept", latents, **toys), path, **toys)
    assert load_sampler(path, **toys).sample(2).values.shape == (2, 3)
    damage(path)
    with pytest.raises(SamplebenchError) as raised:
        load_sampler(path, **toys)
    assert len(str(raised.value)) < 1000
