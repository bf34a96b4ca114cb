"""Data of others: files that are none, bombs, pickles, and programs in the guise of images."""

import os
import pickle
import struct
import zipfile
import zlib

import numpy as np
import pytest

from samplebench.errors import DataMissing

datasets = pytest.importorskip("samplebench_datasets")


class Evil:
    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return os.system, (f"touch {self.trace}",)


def png(width, height, rows, shade=0):
    """A grey PNG of any size in its header, and fewer rows than that."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = zlib.compress((b"\0" + bytes([shade]) * width) * rows)
    start = b"\x89PNG\r\n\x1a\n"
    return start + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n(TRACE) (w) file closefile\n"

# Made by the test that needs it: a bomb takes seconds and gigabytes, of every run that reads this.
IMAGES = {
    "no image": lambda: b"nothing",
    "empty": lambda: b"",
    "half an image": lambda: png(8, 8, 8)[:45],
    "a bomb of 10^10 pixels": lambda: png(100_000, 100_000, 1),
    "a size of 2^31": lambda: png(2**31 - 1, 2**31 - 1, 1),
    "PostScript": lambda: POSTSCRIPT,
    "a script": lambda: b"#!/bin/sh\ntouch TRACE\n",
    "SVG": lambda: b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
}


@pytest.mark.parametrize("make", IMAGES.values(), ids=IMAGES)
def test_an_image_that_is_none_is_named_and_nothing_runs(tmp_path, make):
    trace = tmp_path / "executed"
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(12):
        (folder / f"{number}.png").write_bytes(png(8, 8, 8, number))
    (folder / "bad.png").write_bytes(make().replace(b"TRACE", str(trace).encode()))
    with pytest.raises(DataMissing, match=r"bad\.png"):
        read(datasets.ImageFolder(tmp_path, path=str(folder)))
    assert not trace.exists()


THINGS = {
    "a FIFO": os.mkfifo,
    "a folder": os.mkdir,
    "a dangling link": lambda path: path.symlink_to("nowhere"),
    "a link to itself": lambda path: path.symlink_to(path),
    "an endless device": lambda path: path.symlink_to("/dev/zero"),
}


@pytest.mark.parametrize("put", THINGS.values(), ids=THINGS)
@pytest.mark.parametrize("name", ["x.npy", "x.npz", "x.safetensors", "x.csv", "x.parquet"])
def test_a_file_that_is_none_is_refused(tmp_path, name, put):
    put(tmp_path / name)
    with pytest.raises(DataMissing):
        read(datasets.Arrays(tmp_path, train=name))


@pytest.mark.parametrize("name", THINGS)
def test_what_lies_among_images_hangs_and_fills_nothing(tmp_path, name):
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(12):
        (folder / f"{number}.png").write_bytes(png(8, 8, 8, number))
    THINGS[name](folder / "x.png")
    dataset = datasets.ImageFolder(tmp_path, path=str(folder))
    if "link" in name:
        with pytest.raises(DataMissing, match=r"x\.png"):
            read(dataset)
    else:
        assert sum(map(len, read(dataset))) == 12


def save_pickle(path, trace):
    np.save(path, np.array([Evil(trace)], dtype=object), allow_pickle=True)


def save_bomb(path, trace):
    """A header that says a terabyte, in an archive that says so too."""
    head = b"\x93NUMPY\x01\x00v\x00"
    text = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000, 131072), }"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("samples.npy", head + text.ljust(117) + b"\n" + bytes(2**20))


ARRAYS = {
    "a pickle in .npy": ("x.npy", save_pickle),
    "a pickle called .npy": (
        "x.npy",
        lambda path, trace: path.write_bytes(pickle.dumps(Evil(trace))),
    ),
    "a pickle called .npz": (
        "x.npz",
        lambda path, trace: path.write_bytes(pickle.dumps(Evil(trace))),
    ),
    "a terabyte in .npz": ("x.npz", save_bomb),
    "NaN": ("x.npy", lambda path, trace: np.save(path, np.full((20, 3), np.nan))),
    "numbers beyond 32 bits": (
        "x.npy",
        lambda path, trace: np.save(path, np.full((20, 3), 1e300)),
    ),
    "no samples": ("x.npy", lambda path, trace: np.save(path, np.zeros((0, 3)))),
    "a formula": ("x.csv", lambda path, trace: path.write_text("=cmd|' /C calc'!A0,1\n2,3\n")),
    "a cell of 5,000 digits": ("x.csv", lambda path, trace: path.write_text("9" * 5000 + "\n1\n")),
    "control characters": ("x.csv", lambda path, trace: path.write_text("\x1b[31m,\0\n1,2\n")),
}


@pytest.mark.parametrize(("name", "save"), ARRAYS.values(), ids=ARRAYS)
def test_arrays_that_cannot_be_are_refused_and_nothing_runs(tmp_path, name, save):
    trace = tmp_path / "executed"
    save(tmp_path / name, trace)
    with pytest.raises(DataMissing) as raised:
        read(datasets.Arrays(tmp_path, train=name))
    assert len(str(raised.value)) < 7000
    assert not trace.exists()


def read(dataset):
    return dataset.train(), dataset.test()
