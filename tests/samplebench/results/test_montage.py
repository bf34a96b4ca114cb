"""Montages: they hold the images of the rows' pictures, and say when these have changed."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from samplebench.results.assembly import assemble
from samplebench.results.montage import Montage, Strip, plan_montages
from samplebench.results.record import Record

SeedsOf = Callable[..., list[Record]]
SIDE = 28
RANDOM = np.random.default_rng(0)
GENERATED = RANDOM.integers(0, 256, (2 * SIDE, 16 * SIDE), dtype=np.uint8)
BOTH = RANDOM.integers(0, 256, (4 * SIDE, 16 * SIDE), dtype=np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Pictures of a sampler's row and of a reconstruction row."""
    Image.fromarray(GENERATED).save(tmp_path / "gmm.png")
    Image.fromarray(BOTH).save(tmp_path / "both.png")
    return tmp_path


@pytest.fixture
def records(seeds_of: SeedsOf) -> list[Record]:
    return [
        *seeds_of(None, [1.0, 2.0], picture="both.png", floor=0.5),
        *seeds_of("gmm", [3.0, 4.0], picture="gmm.png"),
        *seeds_of("kde", [5.0, 6.0], picture="lost.png"),
    ]


def plan(records: list[Record], folder: Path) -> list[Montage]:
    (ranking,) = assemble(records)
    return plan_montages(ranking, {path.name for path in folder.iterdir()})


def shown(montage: Montage, folder: Path) -> np.ndarray:
    with Image.open(io.BytesIO(montage.draw(folder))) as page:
        return np.asarray(page)


def test_the_strips_are_real_data_reconstructions_and_each_row(
    records: list[Record], folder: Path
) -> None:
    (montage,) = plan(records, folder)
    assert montage.title == "digits, vae"
    assert montage.strips == (
        Strip("real data", "both.png", place=0, strips=2),
        Strip("reconstruction", "both.png", place=1, strips=2),
        Strip("gmm", "gmm.png"),
        Strip("kde", None),
    )


def test_the_images_are_those_of_the_rows_enlarged_by_a_whole_factor(
    records: list[Record], folder: Path
) -> None:
    (montage,) = plan(records, folder)
    page = shown(montage, folder)
    for number, (source, top) in enumerate([(BOTH, 0), (BOTH, 2 * SIDE), (GENERATED, 0)]):
        for tile in range(16):
            expected = source[top : top + SIDE, tile * SIDE : (tile + 1) * SIDE]
            y, x = 32 + number * (22 + 2 * SIDE + 2) + 22, 2 + tile * (2 * SIDE + 2)
            assert (
                page[y : y + 2 * SIDE, x : x + 2 * SIDE] == np.kron(expected, np.ones((2, 2)))
            ).all()


def test_a_row_without_a_picture_is_said_to_have_none(records: list[Record], folder: Path) -> None:
    (montage,) = plan(records, folder)
    without = shown(montage, folder)[-(22 + 2 * SIDE + 2) :]
    assert (without[:22] < 128).any()  # its name
    assert (without[22:] == 255).all()


def test_a_montage_is_current_until_a_name_or_a_picture_changes(
    records: list[Record], folder: Path, seeds_of: SeedsOf
) -> None:
    (montage,) = plan(records, folder)
    assert not montage.is_current(folder)
    (folder / montage.file_name).write_bytes(montage.draw(folder))
    assert montage.is_current(folder)
    (more,) = plan([*records, *seeds_of("pmfs", [9.0])], folder)
    assert more.file_name == montage.file_name
    assert not more.is_current(folder)
    Image.fromarray(255 - GENERATED).save(folder / "gmm.png")
    assert not montage.is_current(folder)


def test_a_file_that_is_no_picture_is_not_current(records: list[Record], folder: Path) -> None:
    (montage,) = plan(records, folder)
    (folder / montage.file_name).write_text("cut off")
    assert not montage.is_current(folder)


def test_a_picture_that_cannot_be_read_is_none(records: list[Record], folder: Path) -> None:
    (montage,) = plan(records, folder)
    whole = shown(montage, folder)
    (folder / "gmm.png").write_text("cut off")
    assert shown(montage, folder).shape == whole.shape
    (folder / "both.png").write_text("cut off")
    assert (shown(montage, folder) < 128).any()  # the names


def test_without_pictures_there_is_no_montage(records: list[Record], tmp_path: Path) -> None:
    assert plan(records, tmp_path) == []


def test_autoencoders_without_samplers_share_one_montage(seeds_of: SeedsOf, folder: Path) -> None:
    records = [
        record
        for name in ("ae", "vae(latent=8)")
        for record in seeds_of(None, [1.0], autoencoder=name, picture="both.png")
    ]
    (montage,) = plan(records, folder)
    assert [strip.name for strip in montage.strips] == ["real data", "ae", "vae(latent=8)"]


def test_images_keep_their_colours(seeds_of: SeedsOf, tmp_path: Path) -> None:
    red = np.zeros((2 * 4, 16 * 4, 3), dtype=np.uint8)
    red[..., 0] = 200
    Image.fromarray(red).save(tmp_path / "gmm.png")
    (montage,) = plan(seeds_of("gmm", [1.0], picture="gmm.png"), tmp_path)
    page = shown(montage, tmp_path)
    assert (page.reshape(-1, 3) == (200, 0, 0)).all(axis=1).any()
