"""Small data in the layout of each dataset's files, and no network."""

import hashlib
import pickle
import struct
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from urllib.error import URLError

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat, wavfile
from torchvision import datasets


@pytest.fixture(autouse=True)
def only_this_machine(monkeypatch):
    """Refuse every connection to another machine at once."""
    reach = urllib.request.urlopen

    def urlopen(request, *arguments, **settings):
        if not request.host.startswith("127.0.0.1"):
            raise URLError("no network in tests")
        return reach(request, *arguments, **settings)

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)


@pytest.fixture
def write(tmp_path, monkeypatch) -> Callable[[str], SimpleNamespace]:
    """``write(name)`` makes that dataset's files under ``tmp_path``.

    It returns their ``train`` and ``test`` pixels (samples, channels, height, width), ``labels``
    by split, and ``files``.
    """
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    writers = {
        "digits": lambda folder: None,
        "clocks": lambda folder: None,
        "mnist": lambda folder: _write_idx(folder / "MNIST"),
        "fashion-mnist": lambda folder: _write_idx(folder / "FashionMNIST"),
        "kmnist": lambda folder: _write_idx(folder / "KMNIST"),
        "cifar10": lambda folder: _write_cifar10(folder, monkeypatch),
        "svhn": lambda folder: _write_svhn(folder, monkeypatch),
        "celeba": _write_celeba,
        "image-folder": lambda folder: _write_pictures(folder / "pictures"),
        "spoken-digits": _write_recordings,
        "spoken-digit-numbers": _write_recordings,
        "arrays": _write_arrays,
    }
    return lambda name: writers[name](tmp_path)


def _draw(*shape: int) -> SimpleNamespace:
    """40 training and 20 test images of noise, ten classes."""
    random = np.random.default_rng(7)
    return SimpleNamespace(
        train=random.integers(0, 256, (40, *shape), dtype=np.uint8),
        test=random.integers(0, 256, (20, *shape), dtype=np.uint8),
        labels={"train": random.permutation(40) % 10, "test": random.permutation(20) % 10},
        files=[],
    )


def _write_idx(folder: Path) -> SimpleNamespace:
    drawn = _draw(1, 28, 28)
    (folder / "raw").mkdir(parents=True)
    for part, prefix in (("train", "train"), ("test", "t10k")):
        images, labels = getattr(drawn, part)[:, 0], drawn.labels[part].astype(np.uint8)
        for array, kind in ((images, "images-idx3"), (labels, "labels-idx1")):
            header = struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
            drawn.files.append(folder / "raw" / f"{prefix}-{kind}-ubyte")
            drawn.files[-1].write_bytes(header + array.tobytes())
    return drawn


def _write_cifar10(folder: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    drawn = _draw(3, 32, 32)
    home = folder / "cifar-10-batches-py"
    home.mkdir()

    def batch(name, images, labels):
        return put(name, {"data": images.reshape(len(images), -1), "labels": labels.tolist()})

    def put(name, entry):
        drawn.files.append(home / name)
        drawn.files[-1].write_bytes(pickle.dumps(entry, protocol=2))
        return [name, _md5(drawn.files[-1])]

    rows = np.arange(40).reshape(5, 8)
    sums = [
        batch(f"data_batch_{number}", drawn.train[part], drawn.labels["train"][part])
        for number, part in enumerate(rows, start=1)
    ]
    monkeypatch.setattr(datasets.CIFAR10, "train_list", sums)
    test_sum = batch("test_batch", drawn.test, drawn.labels["test"])
    monkeypatch.setattr(datasets.CIFAR10, "test_list", [test_sum])
    _, meta_sum = put("batches.meta", {"label_names": list("abcdefghij")})
    monkeypatch.setattr(datasets.CIFAR10, "meta", {**datasets.CIFAR10.meta, "md5": meta_sum})
    return drawn


def _write_svhn(folder: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    drawn = _draw(3, 32, 32)
    sums = {}
    for part in ("train", "test"):
        file = folder / f"{part}_32x32.mat"
        labels = drawn.labels[part]
        published = np.where(labels == 0, 10, labels)[:, None]  # SVHN writes 10 for a zero
        savemat(file, {"X": getattr(drawn, part).transpose(2, 3, 1, 0), "y": published})
        drawn.files.append(file)
        sums[part] = [f"http://example.invalid/{file.name}", file.name, _md5(file)]
    monkeypatch.setattr(datasets.SVHN, "split_list", sums)
    return drawn


def _write_celeba(folder: Path) -> SimpleNamespace:
    """24 aligned images; parts 0, 1 and 2 take turns, as they do not in the published list."""
    random = np.random.default_rng(7)
    pixels = random.integers(0, 256, (24, 218, 178, 3), dtype=np.uint8)
    home = folder / "celeba"
    (home / "img_align_celeba").mkdir(parents=True)
    files = [home / "img_align_celeba" / f"{row + 1:06}.jpg" for row in range(24)]
    for file, image in zip(files, pixels, strict=True):
        Image.fromarray(image).save(file, "PNG")  # Pillow goes by the bytes; these lose nothing
    lines = [f"{file.name} {row % 3}" for row, file in enumerate(files)]
    (home / "list_eval_partition.txt").write_text("\n".join(lines) + "\n")
    channels_first = pixels.transpose(0, 3, 1, 2)
    return SimpleNamespace(
        train=channels_first[0::3], test=channels_first[2::3], labels=None, files=files
    )


def _write_pictures(folder: Path) -> SimpleNamespace:
    drawn = _draw(3, 64, 64)
    for part in ("train", "test"):
        for row, image in enumerate(getattr(drawn, part)):
            home = folder / part / f"class-{drawn.labels[part][row]}"
            home.mkdir(parents=True, exist_ok=True)
            drawn.files.append(home / f"{row}.png")
            Image.fromarray(image.transpose(1, 2, 0)).save(drawn.files[-1])
    return drawn


def _write_recordings(folder: Path) -> SimpleNamespace:
    """Nine recordings of noise for each digit, five of which are to test on."""
    random = np.random.default_rng(7)
    home = folder / "spoken-digits/recordings"
    home.mkdir(parents=True)
    written = SimpleNamespace(labels={"train": list(range(10)) * 4, "test": list(range(10)) * 5})
    written.files = []
    for digit in range(10):
        for index in range(9):
            noise = random.normal(0, 3000, random.integers(2000, 9000)).astype(np.int16)
            written.files.append(home / f"{digit}_nobody_{index}.wav")
            wavfile.write(written.files[-1], 8000, noise)
    return written


def _write_arrays(folder: Path) -> SimpleNamespace:
    drawn = _draw(12)
    for part in ("train", "test"):
        for name, array in ((part, getattr(drawn, part)), (f"{part}-labels", drawn.labels[part])):
            drawn.files.append(folder / f"{name}.npy")
            np.save(drawn.files[-1], array)
    return drawn


def _md5(file: Path) -> str:
    return hashlib.md5(file.read_bytes()).hexdigest()
