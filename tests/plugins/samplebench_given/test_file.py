"""A sampler that draws from what exists."""

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from samplebench import Continuous, DataMissing, Discrete, fit_sampler, seeded

SPACE = Continuous(4)
NUMBERS = np.arange(40, dtype=np.float32).reshape(10, 4)


def fitted(path, space=SPACE, **settings):
    words = "".join(f", {name}={value!r}" for name, value in settings.items())
    width = space.sites * (space.value_width or space.code_width)
    like = torch.zeros(3, width)
    latents = space.pack(codes=like.long()) if space.code_width else space.pack(values=like)
    return fit_sampler(f"file(path={str(path)!r}{words})", latents)


@pytest.fixture
def numbers(tmp_path):
    np.save(tmp_path / "numbers.npy", NUMBERS)
    return tmp_path / "numbers.npy"


def test_as_many_as_there_are_are_all_in_their_order(numbers):
    assert fitted(numbers).sample(10).values.tolist() == NUMBERS.tolist()


def test_fewer_are_drawn_without_replacement_and_by_the_seed(numbers):
    sampler = fitted(numbers)
    draws = []
    for seed in (1, 1, 2):
        with seeded(seed, "draw"):
            draws.append(sampler.sample(9).values)
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])
    rows = {tuple(row) for row in draws[0].tolist()}
    assert len(rows) == 9
    assert rows < {tuple(row) for row in NUMBERS.tolist()}


def test_more_than_there_are_cannot_be_drawn(numbers):
    with pytest.raises(DataMissing, match=r"holds 10 samples, and 11 are asked for"):
        fitted(numbers).sample(11)


def test_all_formats_give_the_same(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (7, 1, 2, 2), dtype=np.uint8)
    folder = tmp_path / "images"
    folder.mkdir()
    for place, image in enumerate(pixels):
        mode = "RGB" if place % 2 else "L"  # some tools save grey images in colour
        Image.fromarray(image[0]).convert(mode).save(folder / f"{place}.png")
    np.save(tmp_path / "a.npy", pixels)
    np.savez(tmp_path / "b.npz", pixels)
    save_file({"samples": torch.from_numpy(pixels)}, tmp_path / "c.safetensors")
    np.save(tmp_path / "d.npy", pixels.astype(np.float32) / 255)
    expected = torch.from_numpy(pixels).flatten(1).float() / 255
    for name in ("images", "a.npy", "b.npz", "c.safetensors", "d.npy"):
        assert torch.equal(fitted(tmp_path / name).sample(7).values, expected), name


def test_codes_are_drawn_as_codes(tmp_path):
    codes = np.array([[0, 3], [2, 1]])
    np.save(tmp_path / "codes.npy", codes)
    drawn = fitted(tmp_path / "codes.npy", Discrete((4,), (2,))).sample(2)
    assert drawn.codes[..., 0].tolist() == codes.tolist()


def test_a_changed_file_is_noticed_by_its_digest(numbers):
    sampler = fitted(numbers)
    assert sampler.digest == ""
    with pytest.raises(DataMissing, match="is not what it was") as error:
        fitted(numbers, digest="0" * 12)
    found = str(error.value).partition("have the digest ")[2][:12]
    assert fitted(numbers, digest=found).sample(10).values.tolist() == NUMBERS.tolist()


def test_what_does_not_fit_is_refused(numbers, tmp_path):
    with pytest.raises(DataMissing, match=r"of 4 numbers, and these latents have 6"):
        fitted(numbers, Continuous(6))
    with pytest.raises(DataMissing, match="needs the path"):
        fitted("")
    with pytest.raises(DataMissing, match="is no folder of images and no file"):
        fitted(tmp_path / "nothing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataMissing, match="holds no image"):
        fitted(tmp_path / "empty")
