"""What torchvision downloads and reads: absence, damage, and a download from this machine."""

import gzip
import hashlib
import os
import shutil
import socket
import threading
import urllib.request
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
import torch
from torchvision import datasets

from samplebench import DataMissing
from samplebench_datasets.cifar10 import CIFAR10
from samplebench_datasets.mnist import MNIST
from samplebench_datasets.svhn import SVHN

IDX_NAMES = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
]


def test_the_message_lists_just_the_absent_files_and_how_to_get_them(write, tmp_path):
    absent, *there = write("mnist").files
    absent.unlink()
    with pytest.raises(DataMissing) as caught:
        MNIST(tmp_path).train()
    message = str(caught.value)
    assert f"\n  {absent}\n" in message
    assert not any(str(file) in message for file in there)
    assert "no network in tests" in message
    assert f"samplebench fetch mnist --data-dir {tmp_path}" in message
    assert f"\n  {datasets.MNIST.mirrors[0]}train-images-idx3-ubyte.gz\n" in message


@pytest.mark.parametrize(("name", "kind"), [("cifar10", CIFAR10), ("svhn", SVHN)])
def test_every_file_of_the_layout_is_asked_for(name, kind, write, tmp_path):
    for file in write(name).files:
        kept = file.read_bytes()
        file.unlink()
        with pytest.raises(DataMissing) as caught:
            kind(tmp_path).train()
        assert f"\n  {file}\n" in str(caught.value)
        file.write_bytes(kept)
    kind(tmp_path).train()


@pytest.mark.parametrize("row", range(4))
@pytest.mark.parametrize("length", [0, 3, 6, 16, -1])
def test_a_file_that_was_cut_off_is_named(row, length, write, tmp_path):
    file = write("mnist").files[row]
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(DataMissing, match="damaged") as caught:
        MNIST(tmp_path).train()
    assert f"\n  {file}\n" in str(caught.value)
    assert str(caught.value).count("ubyte\n") == 1


def test_a_file_of_another_format_is_named(write, tmp_path):
    file = write("mnist").files[0]
    file.write_bytes(b"<html>" + b"404 not found " * 10_000)
    with pytest.raises(DataMissing) as caught:
        MNIST(tmp_path).train()
    assert f"\n  {file}\nDelete" in str(caught.value)


@pytest.mark.parametrize(("name", "kind"), [("cifar10", CIFAR10), ("svhn", SVHN)])
def test_a_changed_byte_is_noticed_by_its_checksum(name, kind, write, tmp_path):
    file = write(name).files[1]
    content = bytearray(file.read_bytes())
    content[-200] ^= 1
    file.write_bytes(content)
    with pytest.raises(DataMissing, match="damaged") as caught:
        kind(tmp_path).train()
    assert str(file) in str(caught.value)
    assert str(caught.value).count(f"  {tmp_path}") == 1
    assert "network in tests" not in str(caught.value)  # what is there is not downloaded over


def test_labels_of_other_images_are_refused(write, tmp_path):
    files = write("mnist").files
    files[1].write_bytes(files[3].read_bytes())
    with pytest.raises(DataMissing, match="damaged") as caught:
        MNIST(tmp_path).train()
    assert all(str(file) in str(caught.value) for file in files)  # each is whole by itself


def test_a_training_image_that_is_in_test_is_left_out(write, tmp_path):
    written = write("mnist")
    file = written.files[0]
    content = bytearray(file.read_bytes())
    content[16 + 3 * 784 : 16 + 4 * 784] = written.test[5].tobytes()
    file.write_bytes(content)
    train = MNIST(tmp_path).train()
    assert np.array_equal(train.samples.numpy(), np.delete(written.train, 3, axis=0))
    assert train.labels.tolist() == np.delete(written.labels["train"], 3).tolist()
    assert len(MNIST(tmp_path).test()) == 20


@pytest.fixture
def mirror(write, tmp_path, monkeypatch):
    """A server on this machine that offers small MNIST files, and a log of what it was asked."""
    offered = tmp_path / "offered"
    offered.mkdir()
    resources = []
    for file in write("mnist").files:
        packed = gzip.compress(file.read_bytes())
        (offered / f"{file.name}.gz").write_bytes(packed)
        resources.append((f"{file.name}.gz", hashlib.md5(packed).hexdigest()))
        file.unlink()
    asked = []

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, template, *values):
            asked.append(self.path)

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=offered))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(datasets.MNIST, "resources", resources)
    address = f"http://127.0.0.1:{server.server_address[1]}/"
    monkeypatch.setattr(datasets.MNIST, "mirrors", [address])
    yield asked
    server.shutdown()
    thread.join()
    server.server_close()


def test_absent_files_are_downloaded_once(mirror, tmp_path):
    fresh = MNIST(tmp_path / "new" / "folder")
    assert len(fresh.train()) == 40
    assert len(fresh.test()) == 20
    assert {Path(path).stem for path in mirror} == set(IDX_NAMES)
    before = len(mirror)
    MNIST(tmp_path / "new" / "folder").train()
    assert len(mirror) == before


def test_fetch_downloads_what_is_absent_and_names_the_files(mirror, tmp_path):
    names = [tmp_path / "new" / "MNIST" / "raw" / name for name in IDX_NAMES]
    assert MNIST(tmp_path / "new").fetch() == tuple(names)
    before = len(mirror)
    assert MNIST(tmp_path / "new").fetch() == tuple(names)
    assert len(mirror) == before
    names[2].write_bytes(names[2].read_bytes()[:-1])
    with pytest.raises(DataMissing, match="damaged") as caught:
        MNIST(tmp_path / "new").fetch()
    assert f"\n  {names[2]}\nDelete" in str(caught.value)


@pytest.mark.parametrize(("name", "kind"), [("cifar10", CIFAR10), ("svhn", SVHN)])
def test_without_a_network_fetch_names_every_address(name, kind, write, tmp_path):
    files = write(name).files
    assert set(kind(tmp_path).fetch()) == set(files)
    for file in files:
        file.unlink()
    with pytest.raises(DataMissing) as caught:
        kind(tmp_path).fetch()
    published = [datasets.CIFAR10.url, *(row[0] for row in datasets.SVHN.split_list.values())]
    for url in published[:1] if name == "cifar10" else published[1:]:
        assert f"\n  {url}\n" in str(caught.value)


def test_the_sites_files_are_read_where_the_user_lacks_one_and_nothing_is_written(
    write, tmp_path, monkeypatch
):
    written = write("mnist")
    monkeypatch.setenv("SAMPLEBENCH_SITE_DATA", str(tmp_path))
    before = sorted(tmp_path.rglob("*"))
    mine = MNIST(tmp_path / "mine")
    assert np.array_equal(mine.train().samples.numpy(), written.train)
    assert mine.fetch() == tuple(written.files)
    assert sorted(tmp_path.rglob("*")) == before
    written.files[0].unlink()
    with pytest.raises(DataMissing) as caught:
        mine.train()
    absent = [tmp_path / "mine" / file.relative_to(tmp_path) for file in written.files]
    assert all(f"\n  {file}\n" in str(caught.value) for file in absent)
    assert sorted(tmp_path.rglob("*.gz")) == []


def test_a_users_own_files_come_before_the_sites(write, tmp_path, monkeypatch):
    written = write("mnist")
    monkeypatch.setenv("SAMPLEBENCH_SITE_DATA", str(tmp_path / "site"))
    shutil.copytree(tmp_path / "MNIST", tmp_path / "site" / "MNIST")
    assert MNIST(tmp_path).fetch() == tuple(written.files)


def test_a_download_that_is_not_what_was_published_is_refused(mirror, tmp_path):
    (tmp_path / "offered" / f"{IDX_NAMES[2]}.gz").write_bytes(b"something else")
    with pytest.raises(DataMissing, match="could not be downloaded"):
        MNIST(tmp_path / "new").test()


def test_a_silent_server_is_not_waited_for_and_other_sockets_are_left_alone(tmp_path, monkeypatch):
    limits = []

    def urlopen(request, *arguments, **settings):
        limits.append(socket.getdefaulttimeout())
        raise URLError("silence")

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(77)
    try:
        with pytest.raises(DataMissing):
            MNIST(tmp_path).train()
        after = socket.getdefaulttimeout()
    finally:
        socket.setdefaulttimeout(before)
    assert limits
    assert max(limits) <= 30
    assert after == 77


@pytest.mark.shared_data
@pytest.mark.skipif(
    "SAMPLEBENCH_TEST_DATA" not in os.environ, reason="needs the real MNIST; see CONTRIBUTING.md"
)
def test_the_real_mnist_has_its_published_counts_and_moments():
    dataset = MNIST(Path(os.environ["SAMPLEBENCH_TEST_DATA"]))
    train, test = dataset.train(), dataset.test()
    assert (len(train), len(test)) == (60_000, 10_000)
    counts = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert test.labels.bincount().tolist() == counts
    pixels = train.samples.to(torch.float32) / 255
    assert pixels.mean().item() == pytest.approx(0.1307, abs=5e-5)
    assert pixels.std().item() == pytest.approx(0.3081, abs=5e-5)
