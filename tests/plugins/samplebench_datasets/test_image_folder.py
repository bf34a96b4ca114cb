"""Folders of one's own: layout, split, classes, resizing, and files that are no images."""

import io
import os
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch.nn.functional import interpolate

from samplebench import DataMissing
from samplebench.sample_files import decode_into, image_files
from samplebench_datasets.image_folder import ImageFolder


def save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def save_constants(folder: Path, names: list[str]) -> None:
    """The image of row r is all of value r."""
    for row, name in enumerate(names):
        save(folder / name, np.full((8, 8, 3), row, dtype=np.uint8))


def values(images: torch.Tensor) -> list[int]:
    assert torch.equal(images.amin((1, 2, 3)), images.amax((1, 2, 3)))
    return images[:, 0, 0, 0].tolist()


def test_pixels_and_labels_are_those_of_the_files(write, tmp_path):
    written = write("image-folder")
    dataset = ImageFolder(tmp_path, path="pictures")
    for part in ("train", "test"):
        split = getattr(dataset, part)()
        expected = {
            image.tobytes(): label
            for image, label in zip(getattr(written, part), written.labels[part], strict=True)
        }
        found = [image.tobytes() for image in split.samples.numpy()]
        assert sorted(found) == sorted(expected)
        assert split.labels.tolist() == [expected[image] for image in found]


def test_classes_are_numbered_by_name_over_both_parts(tmp_path):
    save_constants(
        tmp_path / "p",
        ["train/b/deep/er/0.png", "train/a/0.png", "test/c/0.png", "test/a/x/0.png"],
    )
    dataset = ImageFolder(tmp_path, path="p")
    train, test = dataset.train(), dataset.test()
    labels = dict(zip(values(train.samples), train.labels.tolist(), strict=True))
    assert labels == {0: 1, 1: 0}
    labels = dict(zip(values(test.samples), test.labels.tolist(), strict=True))
    assert labels == {2: 2, 3: 0}


def test_images_outside_a_subfolder_mean_that_there_are_no_labels(tmp_path):
    save_constants(tmp_path / "p", ["train/a/0.png", "train/1.png", "test/a/0.png"])
    dataset = ImageFolder(tmp_path, path="p")
    assert dataset.train().labels is None
    assert dataset.test().labels is None


def test_a_single_folder_is_split_five_to_one_in_whatever_order_it_is_listed(
    tmp_path, monkeypatch
):
    names = [f"class-{row // 10}/{row:03}.png" for row in range(62)]
    save_constants(tmp_path / "p", names)
    dataset = ImageFolder(tmp_path, path="p")
    train, test = dataset.train(), dataset.test()
    assert sorted(values(train.samples) + values(test.samples)) == list(range(62))
    assert len(test) == 10
    for split in (train, test):
        assert split.labels.tolist() == [value // 10 for value in values(split.samples)]
        assert (split.labels.diff() < 0).sum() >= 3
    listed = Path.iterdir
    monkeypatch.setattr(Path, "iterdir", lambda place: sorted(listed(place), reverse=True))
    assert torch.equal(ImageFolder(tmp_path, path="p").train().samples, train.samples)


def test_a_training_image_that_is_in_test_under_another_name_is_left_out(tmp_path):
    save_constants(tmp_path / "p", ["train/a/0.png", "train/a/1.png", "test/a/2.png"])
    save(tmp_path / "p" / "test/a/copy.png", np.full((8, 8, 3), 1, dtype=np.uint8))
    dataset = ImageFolder(tmp_path, path="p")
    assert values(dataset.train().samples) == [0]
    assert sorted(values(dataset.test().samples)) == [1, 2]


@pytest.mark.parametrize(("height", "width"), [(96, 160), (160, 96), (101, 77), (20, 30)])
def test_the_centre_square_is_resized_without_aliasing(height, width, tmp_path):
    pixels = np.random.default_rng(3).integers(0, 256, (height, width, 3), dtype=np.uint8)
    save(tmp_path / "p/train/0.png", pixels)
    save(tmp_path / "p/test/0.png", pixels[::-1].copy())
    (image,) = ImageFolder(tmp_path, path="p", size=32).train().samples
    short = min(height, width)
    top, left = (height - short) / 2, (width - short) / 2
    square = pixels[int(top) : int(top) + short, int(left) : int(left) + short]
    expected = interpolate(
        torch.from_numpy(square.copy()).permute(2, 0, 1)[None].double(),
        (32, 32),
        mode="bilinear",
        antialias=True,
    )[0]
    inner = slice(2, -2)  # at the rim, Pillow also sees pixels just outside the square
    difference = (image.double() - expected).abs()
    assert difference[:, inner, inner].max() <= 1
    assert difference.mean() < 2


def test_a_fine_chequerboard_becomes_grey(tmp_path):
    board = np.indices((128, 128)).sum(0)[..., None].repeat(3, 2) % 2 * 255
    save(tmp_path / "p/train/0.png", board.astype(np.uint8))
    save(tmp_path / "p/test/0.png", np.zeros((9, 9, 3), dtype=np.uint8))
    images = ImageFolder(tmp_path, path="p", size=16).train().samples
    assert images.amin() >= 120
    assert images.amax() <= 135


def test_one_channel_is_luma(tmp_path):
    save(tmp_path / "p/train/0.png", np.full((8, 8, 3), (200, 100, 50), dtype=np.uint8))
    save(tmp_path / "p/test/0.png", np.zeros((8, 8), dtype=np.uint8))
    dataset = ImageFolder(tmp_path, path="p", size=8, channels=1)
    assert dataset.shape == (1, 8, 8)
    (image,) = dataset.train().samples
    assert values(image[None]) == [round(0.299 * 200 + 0.587 * 100 + 0.114 * 50)]


def test_grey_files_fill_three_channels(tmp_path):
    ramp = np.arange(64, dtype=np.uint8).reshape(8, 8)
    save(tmp_path / "p/train/0.png", ramp)
    save(tmp_path / "p/test/0.png", ramp.T.copy())
    (image,) = ImageFolder(tmp_path, path="p", size=8).train().samples
    assert np.array_equal(image.numpy(), np.stack([ramp] * 3))


def test_hidden_files_and_other_files_are_passed_over(tmp_path):
    names = ["train/0.png", "train/.cache/1.png", "train/.2.png", "test/3.PNG", "test/.a/4.png"]
    save_constants(tmp_path / "p", names)
    (tmp_path / "p/train/notes.txt").write_text("no image")
    dataset = ImageFolder(tmp_path, path="p")
    assert values(dataset.train().samples) == [0]
    assert values(dataset.test().samples) == [3]


def test_links_to_folders_are_followed(tmp_path):
    save_constants(tmp_path / "store", [f"a/{row}.png" for row in range(12)])
    save_constants(tmp_path / "p", [f"test/b/{row}.png" for row in range(30)])
    for row in range(12, 24):
        save(tmp_path / "p" / f"train/b/{row}.png", np.full((8, 8, 3), row + 50, dtype=np.uint8))
    for row in range(12):
        save(tmp_path / "store" / f"a/{row}.png", np.full((8, 8, 3), row + 90, dtype=np.uint8))
    (tmp_path / "p/train/a").symlink_to(tmp_path / "store/a")
    train = ImageFolder(tmp_path, path="p").train()
    assert sorted(values(train.samples)) == [*range(62, 74), *range(90, 102)]
    assert train.labels.bincount().tolist() == [12, 12]
    (tmp_path / "linked").symlink_to(tmp_path / "p")
    assert torch.equal(ImageFolder(tmp_path, path="linked").train().samples, train.samples)


def test_loops_of_links_end(tmp_path):
    save_constants(tmp_path / "p", ["train/a/0.png", "train/b/1.png", "test/a/2.png"])
    for name, goal in [("a/up", ".."), ("a/self", "."), ("b/a", "../a"), ("a/b", "../b")]:
        (tmp_path / "p/train" / name).symlink_to(goal)
    (tmp_path / "p/train/again").symlink_to("../train")
    train = ImageFolder(tmp_path, path="p").train()
    pairs = zip(values(train.samples), train.labels.tolist(), strict=True)
    assert sorted(pairs) == [(0, 0), (0, 1), (1, 0), (1, 1)]  # as it looks: each has the other


@pytest.mark.parametrize("name", ["train/a", "train/b/0.png"])
def test_a_link_that_leads_nowhere_is_named(tmp_path, name):
    save_constants(tmp_path / "p", ["train/b/1.png", "test/b/2.png"])
    (tmp_path / "p" / name).symlink_to(tmp_path / "gone")
    with pytest.raises(DataMissing, match=rf"{name} is a link that leads nowhere"):
        ImageFolder(tmp_path, path="p").train()


def transparent(mode: str) -> Image.Image:
    """White, as wide as high: the left half transparent, the right half opaque."""
    image = Image.new("RGBA", (8, 8), (255, 255, 255, 0))
    image.paste((255, 255, 255, 255), (4, 0, 8, 8))
    if mode == "P":
        palette = Image.new("P", (8, 8), 1)
        palette.putpalette([255, 255, 255] * 2)
        palette.paste(0, (0, 0, 4, 8))
        palette.info["transparency"] = 0
        return palette
    return image.convert(mode)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
@pytest.mark.parametrize(("background", "shown"), [("black", 0), ("white", 255), ("#404040", 64)])
def test_the_background_shows_through_transparent_pixels(tmp_path, mode, background, shown):
    for part, colour in (("train", None), ("test", 9)):
        (tmp_path / "p" / part).mkdir(parents=True)
        image = transparent(mode) if colour is None else Image.new("L", (8, 8), colour)
        image.save(tmp_path / "p" / part / "0.png")
    dataset = ImageFolder(tmp_path, path="p", size=8, background=background)
    (image,) = dataset.train().samples
    assert image[:, :, :4].unique().tolist() == [shown]
    assert image[:, :, 4:].unique().tolist() == [255]


def test_pixels_that_are_half_transparent_are_mixed_with_the_background(tmp_path):
    save_constants(tmp_path / "p", ["train/0.png", "test/1.png"])
    Image.new("RGBA", (8, 8), (200, 100, 0, 102)).save(tmp_path / "p/train/0.png")
    (image,) = ImageFolder(tmp_path, path="p", size=8, background="blue").train().samples
    expected = torch.tensor([200, 100, 0]) * 0.4 + torch.tensor([0, 0, 255]) * 0.6
    assert (image.double().mean((1, 2)) - expected).abs().max() <= 0.5


@pytest.mark.parametrize("background", ["blak", "#00000000"])
def test_a_background_is_an_opaque_colour(tmp_path, background):
    with pytest.raises(ValueError, match=r"unknown color|opaque"):
        ImageFolder(tmp_path, background=background)


def test_photographs_are_turned_as_they_are_meant_to_be_seen(tmp_path):
    save_constants(tmp_path / "p", ["test/1.png"])
    ramp = np.arange(64, dtype=np.uint8).reshape(8, 8)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    (tmp_path / "p/train").mkdir()
    Image.fromarray(ramp).save(tmp_path / "p/train/0.png", exif=exif)
    (image,) = ImageFolder(tmp_path, path="p", size=8, channels=1).train().samples
    assert np.array_equal(image[0].numpy(), np.rot90(ramp, -1))


@pytest.mark.parametrize("form", ["EPS", "PDF", "TGA", "ICO"])
def test_other_formats_are_refused_whatever_the_name_says(tmp_path, form, monkeypatch):
    monkeypatch.setattr("subprocess.check_call", None)  # Pillow would start Ghostscript
    save_constants(tmp_path / "p", ["train/0.png", "test/1.png"])
    Image.new("RGB", (16, 16), "red").save(tmp_path / "p/train/0.png", form)
    with pytest.raises(DataMissing, match=r"0\.png cannot be used: cannot identify.*formats BMP"):
        ImageFolder(tmp_path, path="p").train()


def test_a_path_is_looked_up_under_the_data_folder_then_here_then_as_it_is(tmp_path, monkeypatch):
    here, data = tmp_path / "here", tmp_path / "data"
    here.mkdir()
    monkeypatch.chdir(here)
    save_constants(here, ["p/train/0.png", "p/test/1.png"])
    assert values(ImageFolder(data, path="p").test().samples) == [1]
    save_constants(data, ["p/test/0.png", "p/train/1.png"])
    assert values(ImageFolder(data, path="p").test().samples) == [0]
    assert values(ImageFolder(data, path=str(here / "p")).test().samples) == [1]


def test_no_path_no_folder_and_half_a_folder_have_messages_of_their_own(tmp_path):
    with pytest.raises(DataMissing, match=r"given no path.*train/ and test/"):
        ImageFolder(tmp_path).train()
    with pytest.raises(DataMissing, match=rf"no folder {tmp_path}/p or .*/p\. "):
        ImageFolder(tmp_path, path="p").test()
    save_constants(tmp_path, ["p/train/0.png"])
    (tmp_path / "p/test").mkdir()
    with pytest.raises(DataMissing, match="1 images to train on and 0 to test"):
        ImageFolder(tmp_path, path="p").train()
    save_constants(tmp_path, ["q/test/0.png"])
    with pytest.raises(DataMissing, match=rf"{tmp_path}/q/train is not"):
        ImageFolder(tmp_path, path="q").test()
    save_constants(tmp_path, [f"few/{row}.png" for row in range(5)])
    with pytest.raises(DataMissing, match="at least 6"):
        ImageFolder(tmp_path, path="few").test()


def test_a_damaged_file_is_named(write, tmp_path):
    broken = write("image-folder").files[7]
    broken.write_bytes(broken.read_bytes()[:300])
    with pytest.raises(DataMissing) as caught:
        ImageFolder(tmp_path, path="pictures").train()
    assert str(broken) in str(caught.value)


@pytest.mark.parametrize("form", ["png", "tiff", "pgm"])
@pytest.mark.parametrize("channels", [1, 3])
def test_sixteen_bits_of_grey_are_scaled_to_eight(tmp_path, form, channels):
    save_constants(tmp_path / "p", ["test/1.png"])
    deep = np.random.default_rng(0).integers(0, 2**16, (8, 8), dtype=np.uint16)
    deep[0, :3] = 0, 65535, 128  # 128 / 257 is just below a half
    save(tmp_path / f"p/train/deep.{form}", deep)
    (image,) = ImageFolder(tmp_path, path="p", size=8, channels=channels).train().samples
    expected = (deep.astype(int) + 128) // 257
    assert np.array_equal(image.numpy(), np.stack([expected] * channels))


def write_deep_png(path, pixels, kind):
    """A PNG of 16 bits a channel, as the standard has it: Pillow writes none in colour."""

    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + checksum(name + content)

    def checksum(content):
        return struct.pack(">I", zlib.crc32(content))

    height, width = pixels.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0))
    rest = chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + rest)


@pytest.mark.parametrize(("kind", "channels"), [(2, 3), (6, 4), (4, 2)], ids=["RGB", "RGBA", "LA"])
def test_of_sixteen_bits_of_colour_the_upper_eight_are_kept(tmp_path, kind, channels):
    save_constants(tmp_path / "p", ["test/1.png"])
    deep = np.random.default_rng(0).integers(0, 2**16, (8, 8, channels), dtype=np.uint16)
    if channels != 3:
        deep[..., -1] = 65535  # opaque
    write_deep_png(tmp_path / "p/train/deep.png", deep, kind)
    (image,) = ImageFolder(tmp_path, path="p", size=8, channels=3).train().samples
    shown = deep[..., :3] if channels > 2 else deep[..., :1].repeat(3, axis=-1)
    assert np.array_equal(image.numpy(), (shown // 256).transpose(2, 0, 1))


@pytest.mark.parametrize("kind", [np.int32, np.float32])
def test_values_of_thirty_two_bits_are_refused_instead_of_cut_off(tmp_path, kind):
    save_constants(tmp_path / "p", ["train/0.png", "test/1.png"])
    save(tmp_path / "p/train/deep.tiff", np.full((8, 8), 40_000, dtype=kind))
    with pytest.raises(DataMissing, match=r"deep\.tiff .*not of 8 or 16 bits"):
        ImageFolder(tmp_path, path="p").train()


def test_sixteen_bits_with_transparent_pixels_are_refused(tmp_path):
    save_constants(tmp_path / "p", ["train/0.png", "test/1.png"])
    deep = Image.fromarray(np.full((8, 8), 40_000, dtype=np.uint16))
    deep.save(tmp_path / "p/train/deep.png", transparency=40_000)
    with pytest.raises(DataMissing, match=r"deep\.png .*16 bits and transparent"):
        ImageFolder(tmp_path, path="p").train()


@pytest.mark.parametrize("form", ["jpeg", "png", "tiff"])
@pytest.mark.parametrize("mode", ["L", "RGB", "I;16"])
def test_every_orientation_is_undone_in_every_format(tmp_path, form, mode):
    if (form, mode) == ("jpeg", "I;16"):
        pytest.skip("JPEG has 8 bits")
    save_constants(tmp_path / "p", ["test/1.png"])
    quarters = Image.new("L", (16, 16))
    for place, level in zip([(0, 0), (8, 0), (8, 8), (0, 8)], [0, 80, 160, 240], strict=True):
        quarters.paste(level, (*place, place[0] + 8, place[1] + 8))
    if mode == "I;16":
        image = Image.fromarray(np.asarray(quarters).astype(np.uint16) * 257)
    else:
        image = quarters.convert(mode)
    turned = {1: [0, 1, 2, 3], 3: [2, 3, 0, 1], 6: [3, 0, 1, 2], 8: [1, 2, 3, 0], 2: [1, 0, 3, 2]}
    (tmp_path / "p/train").mkdir()
    for orientation, order in turned.items():
        exif = Image.Exif()
        exif[0x0112] = orientation
        image.save(tmp_path / f"p/train/0.{form}", exif=exif)
        (seen,) = ImageFolder(tmp_path, path="p", size=16, channels=1).train().samples
        corners = seen[0, [4, 4, 12, 12], [4, 12, 12, 4]].tolist()
        assert np.abs(np.array(corners) - [(0, 80, 160, 240)[place] for place in order]).max() < 4


def huge(height: int, width: int) -> bytes:
    """A .png that announces so many pixels, and has none."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checked = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checked)

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IEND", b"")


def test_a_picture_that_would_exhaust_memory_is_refused_in_one_sentence(tmp_path):
    save_constants(tmp_path / "p", ["train/0.png", "test/1.png"])
    (tmp_path / "p/train/bomb.png").write_bytes(huge(60_000, 60_000))
    with pytest.raises(DataMissing, match=r"bomb\.png would unpack to more pixels") as caught:
        ImageFolder(tmp_path, path="p").train()
    assert "\n" not in str(caught.value)


def stripes() -> np.ndarray:
    """24 high and 8 wide: red, green and blue from top to bottom, 8 rows each."""
    pixels = np.zeros((24, 8, 3), dtype=np.uint8)
    for colour in range(3):
        pixels[8 * colour : 8 * colour + 8, :, colour] = 255
    return pixels


def framed(folder: Path, pixels: np.ndarray, **settings: object) -> np.ndarray:
    save(folder / "p/train/0.png", pixels)
    save(folder / "p/test/0.png", np.full((8, 8, 3), 77, dtype=np.uint8))
    (image,) = ImageFolder(folder, path="p", **settings).train().samples
    return image.permute(1, 2, 0).numpy()  # (height, width, channels)


def test_images_need_not_be_square(tmp_path):
    dataset = ImageFolder(tmp_path, path="p", size=(24, 8))
    assert dataset.shape == (3, 24, 8)
    assert np.array_equal(framed(tmp_path, stripes(), size=(24, 8)), stripes())
    square = framed(tmp_path, stripes(), size=(8, 8))
    assert np.array_equal(square, framed(tmp_path, stripes(), size=8))


def test_crop_keeps_the_centre_and_its_proportions(tmp_path):
    assert np.array_equal(framed(tmp_path, stripes(), size=8), stripes()[8:16])
    assert np.array_equal(framed(tmp_path, stripes(), size=(16, 8)), stripes()[4:20])
    wide = stripes().transpose(1, 0, 2)
    assert np.array_equal(framed(tmp_path, wide, size=(8, 16)), wide[:, 4:20])


def test_stretch_keeps_all_of_the_image(tmp_path):
    seen = framed(tmp_path, stripes(), size=(24, 24), fit="stretch")
    assert np.array_equal(seen, stripes().repeat(3, 1))  # equal columns stay equal


@pytest.mark.parametrize(("background", "shown"), [("black", 0), ("white", 255)])
def test_pad_keeps_all_of_the_image_in_the_middle_of_the_background(tmp_path, background, shown):
    seen = framed(tmp_path, stripes(), size=24, fit="pad", background=background)
    assert np.array_equal(seen[:, 8:16], stripes())
    assert np.unique(np.delete(seen, range(8, 16), axis=1)).tolist() == [shown]


@pytest.mark.parametrize("size", [0, (0, 8), (8, -1)])
def test_sizes_must_be_positive(tmp_path, size):
    with pytest.raises(ValueError, match="size must be positive"):
        ImageFolder(tmp_path, path="p", size=size)


def test_train_alone_is_split_as_the_folder_itself_is(tmp_path):
    names = [f"class-{row // 10}/{row:03}.png" for row in range(62)]
    save_constants(tmp_path / "p/train", names)
    save_constants(tmp_path / "q", names)
    wrapped, plain = (ImageFolder(tmp_path, path=path) for path in "pq")
    assert len(wrapped.test()) == 10
    for one, other in ((wrapped.train(), plain.train()), (wrapped.test(), plain.test())):
        assert torch.equal(one.samples, other.samples)
        assert torch.equal(one.labels, other.labels)


@pytest.mark.parametrize("other", ["val/0.png", "0.png"])
def test_images_next_to_train_alone_are_not_passed_over(tmp_path, other):
    save_constants(tmp_path / "p", [*(f"train/a/{row}.png" for row in range(12)), other])
    with pytest.raises(DataMissing, match=rf"no test next to it, and {other.split('/')[0]} is"):
        ImageFolder(tmp_path, path="p").train()


def encoded(form: str) -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, form)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def scratch(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("scratch")


@settings(deadline=None, max_examples=200)
@given(
    form=st.sampled_from(["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM"]),
    length=st.floats(0, 1),
    flips=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), max_size=4),
)
def test_a_damaged_file_of_any_kind_gives_pixels_or_is_named(scratch, form, length, flips):
    content = bytearray(encoded(form))
    for place, change in flips:
        content[int(place * len(content))] ^= change
    file = scratch / "damaged.bin"
    file.write_bytes(content[: round(length * len(content))])
    target = np.zeros((1, 3, 16, 16), dtype=np.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of some damage, as it should
        try:
            decode_into(target, [file], lambda image: image.resize((16, 16)))
            message = str(file)
        except DataMissing as error:
            message = str(error)
    assert str(file) in message


def test_rows_keep_their_places_when_many_threads_fill_them(tmp_path, monkeypatch):
    save_constants(tmp_path, [f"{row:03}.png" for row in range(100)])
    monkeypatch.setattr(image_files, "_AT_ONCE", 7)
    target = np.zeros((100, 3, 8, 8), dtype=np.uint8)
    decode_into(target, sorted(tmp_path.glob("*.png")), lambda image: image)
    assert values(torch.from_numpy(target)) == list(range(100))


@pytest.mark.shared_data
@pytest.mark.skipif(
    "SAMPLEBENCH_TEST_DATA" not in os.environ, reason="needs real images; see CONTRIBUTING.md"
)
def test_real_photographs_come_in_ten_classes_and_keep_their_pixels():
    data_dir = Path(os.environ["SAMPLEBENCH_TEST_DATA"])
    dataset = ImageFolder(data_dir, path="cifar10-sample", size=32)
    test = dataset.test()
    files = sorted((data_dir / "cifar10-sample" / "test").rglob("*.jpg"))
    assert len(test) == len(files)
    assert test.labels.bincount().tolist() == [len(files) // 10] * 10
    found = {image.tobytes() for image in test.samples.numpy()}
    for file in files[::50]:
        assert np.asarray(Image.open(file)).transpose(2, 0, 1).tobytes() in found
