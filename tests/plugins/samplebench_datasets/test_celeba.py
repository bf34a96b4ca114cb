"""CelebA: crop, partition, and the file that its pixels are kept in."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn.functional import interpolate

from samplebench import DataMissing, SamplebenchError
from samplebench_datasets import celeba
from samplebench_datasets.celeba import CelebA


def faces(pixels: np.ndarray, size: int) -> torch.Tensor:
    """The centre 140×140 of (samples, 3, 218, 178), resized by torch's own antialiased filter."""
    crop = torch.from_numpy(pixels[:, :, 39:179, 19:159].copy()).double()
    return interpolate(crop, (size, size), mode="bilinear", antialias=True)


def kept_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix == ".npy")


@pytest.mark.parametrize("size", [64, 32])
def test_each_part_is_the_resized_centre_of_its_images_in_order(size, write, tmp_path):
    written = write("celeba")
    dataset = CelebA(tmp_path, size=size)
    for part in ("train", "test"):
        images = getattr(dataset, part)().samples
        expected = faces(getattr(written, part), size)
        assert images.shape == expected.shape
        assert (images.double() - expected).abs().max() <= 1  # Pillow rounds after each axis


def test_nothing_but_the_centre_is_used(write, tmp_path):
    written = write("celeba")
    frame = np.full((218, 178, 3), 255, dtype=np.uint8)
    frame[39:179, 19:159] = (10, 20, 30)
    for file in written.files:
        Image.fromarray(frame).save(file, "PNG")
    images = CelebA(tmp_path).train().samples
    assert torch.equal(images.amin((0, 2, 3)), torch.tensor([10, 20, 30], dtype=torch.uint8))
    assert torch.equal(images.amax((0, 2, 3)), torch.tensor([10, 20, 30], dtype=torch.uint8))


def test_the_validation_part_is_not_used(write, tmp_path):
    written = write("celeba")
    for unused in written.files[1::3]:
        unused.unlink()
    dataset = CelebA(tmp_path)
    assert (len(dataset.train()), len(dataset.test())) == (8, 8)


def test_pieces_join_into_the_same_file(write, tmp_path, monkeypatch):
    write("celeba")
    at_once = CelebA(tmp_path).train().samples.clone()
    (kept,) = kept_files(tmp_path)
    kept.unlink()
    monkeypatch.setattr(celeba, "_AT_ONCE", 3)
    assert torch.equal(CelebA(tmp_path).train().samples, at_once)


def test_the_file_is_made_once_and_then_the_images_are_not_needed(write, tmp_path):
    written = write("celeba")
    first = CelebA(tmp_path).train().samples.clone()
    (kept,) = kept_files(tmp_path / "celeba")
    for file in written.files:
        file.unlink()
    assert torch.equal(CelebA(tmp_path).train().samples, first)
    assert np.array_equal(np.load(kept), first.numpy())


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="only Linux lists what is mapped")
def test_images_are_mapped_and_writing_to_them_leaves_the_file_alone(write, tmp_path):
    write("celeba")
    images = CelebA(tmp_path).train().samples
    (kept,) = kept_files(tmp_path / "celeba")
    before = kept.read_bytes()
    (line,) = (
        line for line in Path("/proc/self/maps").read_text().splitlines() if kept.name in line
    )
    start, end = (int(address, 16) for address in line.split()[0].split("-"))
    assert start <= images.data_ptr() < end
    images.zero_()
    assert kept.read_bytes() == before


def test_sizes_and_lists_have_files_of_their_own(write, tmp_path):
    write("celeba")
    CelebA(tmp_path).train()
    CelebA(tmp_path, size=32).train()
    partition = tmp_path / "celeba" / "list_eval_partition.txt"
    partition.write_text(partition.read_text().replace("000002.jpg 1", "000002.jpg 0"))
    assert len(CelebA(tmp_path).train()) == 9
    assert len(kept_files(tmp_path / "celeba")) == 3


@pytest.mark.parametrize("content", [b"", b"half a header", "truncated", "other shape"])
def test_a_kept_file_that_is_damaged_is_made_anew(content, write, tmp_path):
    write("celeba")
    good = CelebA(tmp_path).train().samples.clone()
    (kept,) = kept_files(tmp_path / "celeba")
    if content == "other shape":
        np.save(kept, np.zeros((8, 3, 32, 32), dtype=np.uint8))
    else:
        kept.write_bytes(kept.read_bytes()[:-1] if content == "truncated" else content)
    assert torch.equal(CelebA(tmp_path).train().samples, good)


KILLED = """
import os, signal, sys
from pathlib import Path
from samplebench_datasets import celeba

decode = celeba.decode_into
pieces = []

def decode_two_pieces(*given):
    pieces.append(given)
    if len(pieces) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    decode(*given)

celeba._AT_ONCE, celeba.decode_into = 2, decode_two_pieces
celeba.CelebA(Path(sys.argv[1])).train()
"""


def test_a_process_that_is_killed_leaves_no_half_file(write, tmp_path):
    write("celeba")
    child = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert child.returncode == -9
    assert list((tmp_path / "celeba").glob(".*")), "it was killed before it wrote anything"
    assert not kept_files(tmp_path / "celeba")
    assert len(CelebA(tmp_path).train()) == 8


def test_an_image_that_fails_leaves_nothing_behind(write, tmp_path):
    broken = write("celeba").files[3]
    broken.write_bytes(broken.read_bytes()[:5000])
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(DataMissing) as caught:
        CelebA(tmp_path).train()
    assert str(broken) in str(caught.value)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.fixture
def read_only_data(tmp_path, monkeypatch):
    """The system says that nothing under ``celeba`` can be written: the tests may run as root."""
    may = os.access
    monkeypatch.setattr(
        os,
        "access",
        lambda path, mode: (
            not (mode & os.W_OK and "celeba" in Path(path).parts) and may(path, mode)
        ),
    )


def test_where_the_data_cannot_be_written_the_cache_is_used(write, read_only_data, tmp_path):
    write("celeba")
    first = CelebA(tmp_path).test().samples.clone()
    assert not kept_files(tmp_path / "celeba")
    (kept,) = kept_files(tmp_path / "cache" / "samplebench" / "celeba")
    before = kept.stat().st_mtime_ns
    assert torch.equal(CelebA(tmp_path).test().samples, first)
    assert kept.stat().st_mtime_ns == before


def test_a_user_without_a_home_needs_none_where_the_data_can_be_written(
    write, tmp_path, monkeypatch
):
    write("celeba")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.delenv("HOME")
    monkeypatch.setattr("pwd.getpwuid", lambda user: {}[user])  # no such user
    assert len(CelebA(tmp_path).test()) == 8
    assert kept_files(tmp_path / "celeba")


def test_the_sites_images_are_prepared_in_the_cache(write, tmp_path, monkeypatch):
    write("celeba")
    monkeypatch.setenv("SAMPLEBENCH_SITE_DATA", str(tmp_path))
    before = sorted((tmp_path / "celeba").rglob("*"))
    dataset = CelebA(tmp_path / "mine")
    assert len(dataset.test()) == 8
    assert dataset.fetch() == (
        tmp_path / "celeba" / "list_eval_partition.txt",
        tmp_path / "celeba" / "img_align_celeba",
    )
    assert sorted((tmp_path / "celeba").rglob("*")) == before
    assert kept_files(tmp_path / "cache" / "samplebench" / "celeba")


def test_a_file_that_the_site_prepared_is_used(write, tmp_path, monkeypatch):
    written = write("celeba")
    CelebA(tmp_path).test()
    for file in written.files:
        file.unlink()
    monkeypatch.setenv("SAMPLEBENCH_SITE_DATA", str(tmp_path))
    assert len(CelebA(tmp_path / "mine").test()) == 8


def test_where_nothing_can_be_written_the_error_has_place_and_size(
    write, read_only_data, tmp_path, monkeypatch
):
    write("celeba")
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(SamplebenchError, match=r"cannot be written to .*file.*0\.0 GB"):
        CelebA(tmp_path).train()


def test_absent_files_are_an_error_with_the_way_to_get_them(write, tmp_path):
    with pytest.raises(DataMissing) as caught:
        CelebA(tmp_path).train()
    with pytest.raises(DataMissing, match="Download both from"):
        CelebA(tmp_path).fetch()
    for words in ("celeba/list_eval_partition.txt", "celeba/img_align_celeba", "download=True"):
        assert words in str(caught.value)
    (tmp_path / "celeba").mkdir()
    (tmp_path / "celeba" / "list_eval_partition.txt").write_text("000001.jpg 0\n")
    with pytest.raises(DataMissing, match=r"there is no folder .*img_align_celeba"):
        CelebA(tmp_path).train()
    with pytest.raises(DataMissing, match="lists no image to test"):
        CelebA(tmp_path).test()


def test_images_that_are_not_the_aligned_ones_are_refused(write, tmp_path):
    other = write("celeba").files[0]
    Image.new("RGB", (409, 687)).save(other, "PNG")
    with pytest.raises(DataMissing, match="409×687, not 178×218"):
        CelebA(tmp_path).train()


def test_a_size_must_be_positive(tmp_path):
    with pytest.raises(ValueError, match="positive"):
        CelebA(tmp_path, size=0)
