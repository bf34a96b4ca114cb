"""A board's page as text: it holds all that it needs, and is the same for the same records."""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape
from PIL import Image

from samplebench.results.blocks import Bullets, Code, Link, Paragraph, Table, Written
from samplebench.results.board import make_board
from samplebench.results.formats import html
from samplebench.results.formats.written_html import render_written
from samplebench.results.html.downloads import Download
from samplebench.results.html.page import Companions, board_page
from samplebench.results.html.pictures import embed
from samplebench.results.record import Record

SeedsOf = Callable[..., list[Record]]


class Elements(HTMLParser):
    """The tags with their attributes, and the text between them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def records(seeds_of: SeedsOf) -> list[Record]:
    return [
        *seeds_of(None, [5.0, 5.1, 5.2]),
        *seeds_of("gmm", [9.0, 9.1, 9.3], picture="gmm.png"),
        *seeds_of("kde", [9.5, 9.6, 9.8]),
        *seeds_of("gmm(components=9)", [7.0, 7.2], appendix=True, picture="nine.png"),
    ]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    for name in ("gmm.png", "nine.png"):
        Image.effect_noise((64, 8), 90).save(tmp_path / name)
    return tmp_path


def make_page(records: Sequence[Record], folder: Path, commentary: str = "") -> str:
    names = {path.name for path in folder.glob("*.png")}
    board = make_board("toy", records, pictures=names, commentary=commentary, about="A toy.")
    return board_page(board, folder, {}, Companions())


def test_the_same_records_make_the_same_page_in_any_order(
    records: list[Record], pictures: Path
) -> None:
    shuffled = random.Random(0).sample(records, len(records))
    assert make_page(records, pictures) == make_page(shuffled, pictures)


def test_each_anchor_leads_to_a_place_on_the_page(records: list[Record], pictures: Path) -> None:
    tags = Elements(make_page(records, pictures, commentary="See [below](#samples).")).tags
    identities = [about["id"] for _, about in tags if "id" in about]
    assert len(identities) == len(set(identities))
    anchors = {about["href"][1:] for _, about in tags if (about.get("href") or "").startswith("#")}
    assert anchors
    assert anchors <= set(identities)


def test_each_score_of_the_board_and_the_appendix_is_there(
    records: list[Record], pictures: Path
) -> None:
    text = Elements(make_page(records, pictures)).text
    for shown in ("9.13 ± 0.38", "9.63 ± 0.38", "7.10 ± 1.27"):  # Student's t of n − 1
        assert shown in text


def test_nothing_on_the_page_comes_from_elsewhere(records: list[Record], pictures: Path) -> None:
    for tag, about in Elements(make_page(records, pictures)).tags:
        assert tag not in ("link", "iframe", "object", "embed", "base")
        assert (about.get("src") or "data:").startswith("data:")
        assert "style" not in about
        assert not any(name.startswith("on") for name in about)


def test_pictures_are_held_until_the_budget_is_spent(pictures: Path) -> None:
    size = (pictures / "gmm.png").stat().st_size * 4 // 3
    assert set(embed(pictures, ["gmm.png", "nine.png", "missing.png"], budget=10**6)) == {
        "gmm.png",
        "nine.png",
    }
    assert set(embed(pictures, ["gmm.png", "nine.png"], budget=size)) == {"gmm.png"}


def test_large_files_stand_next_to_the_page() -> None:
    assert Download("a.csv", "CSV", "text/csv", "x" * 300_001).address == "a.csv"
    assert Download("a.csv", "CSV", "text/csv", "x").address == "data:text/csv;base64,eA=="


@given(st.text(st.characters(exclude_categories=("Cs", "Cc"))))
def test_any_text_comes_back_from_every_block(text: str) -> None:
    places = html.NOWHERE
    for block in (
        Paragraph((text,)),
        Paragraph((Code(text),)),
        Bullets(((text,),)),
        Table(((text,),), ((("x",),)[:1],), labels=1),
        Paragraph((Link(text, "x"),)),
    ):
        assert text.strip() in Elements(str(html.render([block], places))).text


@given(st.text())
def test_no_commentary_makes_a_tag_of_its_own(text: str) -> None:
    tags = {tag for tag, _ in Elements(str(render_written(text, str))).tags}
    inline = {"p", "em", "strong", "code", "a", "br", "s"}
    lists = {"pre", "ul", "ol", "li", "blockquote", "h3", "h4", "h5", "h6", "hr"}
    assert tags <= inline | lists | {"table", "thead", "tbody", "tr", "th", "td"}


@pytest.mark.parametrize(
    "written",
    [
        "<script>x</script>",
        "a <b onclick=x>b</b>",
        "<!-- secret --><img src=x onerror=y>",
        "[x](javascript:y)",
        "[x](JaVaScRiPt:y)",
        "![x](https://example.org/x.png)",
        "<div>\n\n<iframe src=x>\n\n</div>",
        '[x](<"onclick=y>)',
    ],
)
def test_tags_and_scripts_of_a_commentary_stay_text(written: str) -> None:
    shown = Elements(str(render_written(written, str)))
    for tag, about in shown.tags:
        assert tag in ("p", "a")
        assert set(about) <= {"href"}
        assert not re.match("javascript:", about.get("href") or "", re.IGNORECASE)
    assert "secret" not in shown.text


def test_a_commentary_has_headings_below_those_of_the_page_and_tables() -> None:
    block = Written("# One\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n\n<!-- more -->\n\n[all](x.md)")
    page = html.render([block], replace(html.NOWHERE, link=lambda path: f"to/{path}"))
    tags = Elements(str(page)).tags
    assert ("h3", {}) in tags
    assert ("td", {"class": "number"}) in tags
    assert ("a", {"href": "to/x.md"}) in tags
    assert "more" not in Elements(str(page)).text


def test_the_page_says_that_rows_are_not_verified(seeds_of: SeedsOf, tmp_path: Path) -> None:
    page = make_page(seeds_of("gmm", [1.0, 2.0]), tmp_path)
    assert escape("2 records") in page
    assert "all measured or verified" in page
