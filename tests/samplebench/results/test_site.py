"""A site of boards: whole, the same twice, and without a link that leads nowhere."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from PIL import Image

from samplebench.citing.bibliography import Bibliography
from samplebench.cli import main
from samplebench.errors import StorageError
from samplebench.results.record import Record
from samplebench.results.store import Store
from samplebench.site import Knowledge, write_site

SeedsOf = Callable[..., list[Record]]


def describe(about: str, reference: str | None) -> dict[str, Any]:
    """A row of the catalogue."""
    return {
        "about": about,
        "reference": reference,
        "plugin": "samplebench_test",
        "settings": {},
        "meanings": {},
    }


PARTS = {
    ("sampler", "gmm"): describe("A ``mixture`` of Gaussians.", "Pearson (1894)"),
    ("metric", "fd"): describe("A distance.", None),
}
PROTOCOL = {
    "version": 1,
    "training": {"epochs": 30, "batch": 64, "optimiser": "adam", "learning_rate": 1e-3},
    "counts": {"generated": 1000},
}
KNOWLEDGE = Knowledge(PARTS, Bibliography(()))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, seeds_of: SeedsOf) -> Store:
    """Two suites; one with a picture, an appendix and a commentary."""
    store = Store(tmp_path_factory.mktemp("results"))
    for record in (
        *seeds_of(None, [0.5, 0.6], subject="autoencoder", title="MSE", protocol=PROTOCOL),
        *seeds_of("gmm", [1.0, 2.0], picture="gmm.png", protocol=PROTOCOL),
        *seeds_of("kde", [1.5, 2.5], protocol=PROTOCOL),
        *seeds_of("gmm(k=9)", [1.0, 2.0], appendix=True, protocol=PROTOCOL),
        *seeds_of("gmm", [3.0, 4.0], suite="other", protocol=PROTOCOL),
    ):
        store.write(record)
    store.samples_folder("toy").mkdir(parents=True)
    Image.new("L", (16 * 8, 2 * 8)).save(store.samples_folder("toy") / "gmm.png")
    store.commentary_path("toy").parent.mkdir()
    store.commentary_path("toy").write_text("The mixture mixes; see [a record](records/toy).\n")
    return store


@pytest.fixture(scope="module")
def site(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of both boards."""
    folder = tmp_path_factory.mktemp("site")
    pages = write_site(store.folder, folder, [], KNOWLEDGE)
    assert [page.name for page in pages] == ["index.html", "other.html", "toy.html"]
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_index_leads_to_each_board_and_says_how_old_it_is(site: Path) -> None:
    index = (site / "index.html").read_text()
    assert 'href="toy.html"' in index
    assert 'href="other.html"' in index
    assert "2026-10-01" in index


def test_a_page_explains_its_rows_by_what_is_installed(site: Path) -> None:
    page = (site / "toy.html").read_text()
    assert "A <code>mixture</code> of Gaussians." in page
    assert "Pearson (1894)" in page
    assert "The mixture mixes" in page


def test_each_link_leads_to_a_file_of_the_site(site: Path) -> None:
    for page in site.glob("*.html"):
        links = re.findall(r'href="([^"#][^"]*)"', page.read_text())
        inside = [link for link in links if not link.startswith("data:")]
        assert inside
        for link in inside:
            assert (site / unquote(link)).exists(), link


def test_a_site_is_the_same_twice(store: Store, site: Path, tmp_path: Path) -> None:
    write_site(store.folder, tmp_path, [], KNOWLEDGE)
    assert files(site) == files(tmp_path)


def test_the_files_of_a_board_hold_its_scores(site: Path) -> None:
    assert "toy,digits,vae,gmm" in (site / "toy.csv").read_text()
    assert "\\begin{tabular}" in (site / "toy.tex").read_text()
    assert "@misc{samplebench," in (site / "toy.bib").read_text()


def test_a_site_may_stand_among_the_results(store: Store) -> None:
    before = files(store.folder)
    write_site(store.folder, store.folder, ["other"], KNOWLEDGE)
    after = files(store.folder)
    assert {name: after[name] for name in before} == before


def test_a_folder_that_is_a_file_is_reported(store: Store, tmp_path: Path) -> None:
    (tmp_path / "site").write_text("a file")
    with pytest.raises(StorageError, match="could not be written"):
        write_site(store.folder, tmp_path / "site", ["other"], KNOWLEDGE)


def test_the_command_prints_the_pages(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["site", str(tmp_path), "other", "--results", str(store.folder)]
    assert main(asked) == 0
    pages = [str(tmp_path / "index.html"), str(tmp_path / "other.html")]
    assert capsys.readouterr().out.split() == pages
    assert not (tmp_path / "toy.html").exists()
    assert main(["site", str(tmp_path), "absent", "--results", str(store.folder)]) == 2
