"""Files of arrays: every format gives its numbers back, and nothing else is loaded or unpacked."""

import io
import os
import pickle
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file
from safetensors.torch import save_file as save_tensors

from samplebench import DataMissing
from samplebench.sample_files import memory
from samplebench.sample_files.array_files import ArrayFile

WRITERS = {
    ".npy": lambda path, array: np.save(path, array),
    ".npz": lambda path, array: np.savez_compressed(path, samples=array, other=array[:1]),
    ".safetensors": lambda path, array: save_file({"samples": array, "other": array[:1]}, path),
}
TYPES = ["f8", "f4", "f2", "u1", "u2", "i1", "i4", "i8", "?"]


def file_of(path: Path, key: str | None = None) -> ArrayFile:
    return ArrayFile(path, key, "samples")


def pack(path: Path, content: bytes, **archive: int) -> ArrayFile:
    """A .npz with one member of that content."""
    with zipfile.ZipFile(path, "w", **archive) as zipped:
        zipped.writestr("samples.npy", content)
    return file_of(path)


def npy_header(shape: tuple[int, ...], kind: str) -> bytes:
    buffer = io.BytesIO()
    description = {"descr": kind, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(buffer, description)
    return buffer.getvalue()


@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.parametrize("kind", TYPES)
def test_numbers_come_back_and_the_header_tells_them_beforehand(tmp_path, suffix, kind):
    array = (np.random.default_rng(0).random((7, 3, 2)) * 100).astype(kind)
    WRITERS[suffix](tmp_path / f"a{suffix}", array)
    file = file_of(tmp_path / f"a{suffix}")
    assert (file.header().axes, file.header().type) == (array.shape, array.dtype)
    read = file.read()
    assert read.dtype == array.dtype
    assert np.array_equal(read, array)


def test_order_of_bytes_and_of_axes_in_the_file_change_nothing(tmp_path):
    array = np.random.default_rng(0).normal(size=(5, 4, 3))
    for name, stored in (("big", array.astype(">f8")), ("fortran", np.asfortranarray(array))):
        np.save(tmp_path / f"{name}.npy", stored)
        np.savez(tmp_path / f"{name}.npz", stored)
        for suffix in (".npy", ".npz"):
            read = file_of(tmp_path / f"{name}{suffix}").read()
            assert read.dtype == np.float64
            assert read.dtype.isnative
            assert np.array_equal(read, array)


def test_bfloat16_is_read_as_float32(tmp_path):
    tensor = torch.randn(4, 3, dtype=torch.bfloat16)
    save_tensors({"only": tensor}, tmp_path / "a.safetensors")
    file = file_of(tmp_path / "a.safetensors")
    assert file.header().type == np.float32
    assert np.array_equal(file.read(), tensor.float().numpy())


def test_an_npy_file_is_mapped_and_never_written_to(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((3, 2)))
    before = (tmp_path / "a.npy").read_bytes()
    read = file_of(tmp_path / "a.npy").read()
    assert isinstance(read, np.memmap)
    read[:] = 7
    assert (tmp_path / "a.npy").read_bytes() == before


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_a_key_names_one_array_of_several(tmp_path, suffix):
    WRITERS[suffix](tmp_path / f"a{suffix}", np.arange(6.0).reshape(3, 2))
    assert file_of(tmp_path / f"a{suffix}").read().shape == (3, 2)
    assert file_of(tmp_path / f"a{suffix}", "other").read().shape == (1, 2)
    with pytest.raises(DataMissing, match=r"no array 'x'; it has: other, samples\. Name one as"):
        file_of(tmp_path / f"a{suffix}", "x").header()
    with pytest.raises(DataMissing, match="several arrays, none called 'labels'"):
        ArrayFile(tmp_path / f"a{suffix}", None, "labels").header()


class Trap:
    """Whoever unpickles it makes a folder."""

    def __reduce__(self):
        return os.mkdir, ("sprung",)


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_python_objects_are_refused_and_never_made(tmp_path, monkeypatch, suffix):
    monkeypatch.chdir(tmp_path)
    array = np.array([Trap(), 1.0], dtype=object)
    (np.save if suffix == ".npy" else np.savez)(tmp_path / f"a{suffix}", array)
    for read in (file_of(tmp_path / f"a{suffix}").header, file_of(tmp_path / f"a{suffix}").read):
        with pytest.raises(
            DataMissing, match="type object, which are no real numbers and are nev"
        ):
            read()
    (tmp_path / "b.npy").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(DataMissing, match=r"b\.npy cannot be read as \.npy"):
        file_of(tmp_path / "b.npy").read()
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("kind", ["U3", "c16", "M8[s]", [("a", "f4"), ("b", "i4")]])
def test_values_that_are_no_real_numbers_are_refused(tmp_path, kind):
    np.save(tmp_path / "a.npy", np.zeros(3, dtype=kind))
    with pytest.raises(DataMissing, match="no real numbers"):
        file_of(tmp_path / "a.npy").read()


@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (3, 0)])
def test_an_array_without_samples_is_refused(tmp_path, shape):
    np.save(tmp_path / "a.npy", np.zeros(shape))
    with pytest.raises(DataMissing, match="holds no samples"):
        file_of(tmp_path / "a.npy").read()


def test_an_archive_that_holds_less_than_its_header_announces_is_refused(tmp_path):
    file = pack(tmp_path / "a.npz", npy_header((10**9, 10**3), "<f8") + bytes(80))
    for read in (file.header, file.read):
        with pytest.raises(DataMissing, match=r"take 8,000,000,000,000 bytes, not 80"):
            read()


def test_an_archive_that_would_not_fit_into_memory_is_refused(tmp_path, monkeypatch):
    content = npy_header((2**20,), "|u1") + bytes(2**20)
    file = pack(tmp_path / "a.npz", content, compression=zipfile.ZIP_DEFLATED)
    assert (tmp_path / "a.npz").stat().st_size < 2**13  # a thousandth
    assert file.read().nbytes == 2**20
    monkeypatch.setattr(memory, "_memory", lambda: 2**20 - 1)
    for read in (file.header, file.read):
        with pytest.raises(DataMissing, match="more than the memory of this machine"):
            read()


def test_the_memory_of_this_machine_is_that_of_the_kernel():
    stated = Path("/proc/meminfo")
    if not stated.exists():
        pytest.skip("Linux alone has it")
    kibibytes = int(stated.read_text().split()[1])
    assert memory._memory() == pytest.approx(1024 * kibibytes, rel=0.05)


def test_an_archive_that_states_less_than_it_holds_unpacks_no_more(tmp_path):
    """The directory at the end of the archive states 8 bytes; 2**20 are packed."""
    shown = npy_header((8,), "|u1") + bytes(8)
    pack(tmp_path / "a.npz", shown + bytes(2**20), compression=zipfile.ZIP_DEFLATED)
    content = bytearray((tmp_path / "a.npz").read_bytes())
    directory = content.rindex(b"PK\x01\x02")
    content[directory + 16 : directory + 20] = struct.pack("<I", zlib.crc32(shown))
    content[directory + 24 : directory + 28] = struct.pack("<I", len(shown))
    (tmp_path / "a.npz").write_bytes(content)
    assert file_of(tmp_path / "a.npz").header().axes == (8,)
    assert file_of(tmp_path / "a.npz").read().nbytes == 8


@pytest.mark.parametrize(
    "text",
    [
        "{'descr': '<f8', 'fortran_order': False, 'shape': (20, 3(, }",
        "{'descr': (), 'fortran_order': False, 'shape': (20, 3)}",
        "{b'descr': '<f8', 'fortran_order': False, 'shape': (20, 3)}",
        "-" * 9000 + "1",
        "{[]: 1}",
        "(" * 300,
    ],
)
def test_a_header_that_describes_no_array_is_named(tmp_path, text):
    header = text.encode() + b"\n"
    path = tmp_path / "a.npy"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + bytes(480))
    with pytest.raises(DataMissing, match=r"a\.npy cannot be read as \.npy"):
        file_of(path).read()


@settings(deadline=None, max_examples=150)
@given(
    suffix=st.sampled_from(sorted(WRITERS)),
    length=st.floats(0, 1),
    flips=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), max_size=4),
)
def test_a_damaged_file_gives_numbers_or_is_named(tmp_path_factory, suffix, length, flips):
    path = tmp_path_factory.mktemp("damaged") / f"a{suffix}"
    WRITERS[suffix](path, np.arange(60.0).reshape(20, 3))
    content = bytearray(path.read_bytes())
    for place, change in flips:
        content[int(place * len(content))] ^= change
    path.write_bytes(content[: round(length * len(content))])
    try:
        answer = f"{path} holds {file_of(path).read().dtype.kind}"
    except DataMissing as error:
        answer = str(error)
    assert str(path) in answer
    assert "\n" not in answer
