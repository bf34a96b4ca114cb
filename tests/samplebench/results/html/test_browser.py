"""Pages as a reader meets them: opened from a file by Chromium, without a network."""

import importlib.util
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from samplebench.results.blocks import Code
from samplebench.results.board import make_board
from samplebench.results.html.details import PartText
from samplebench.results.html.downloads import Download
from samplebench.results.html.page import Companions, board_page
from samplebench.results.plots import Plot
from samplebench.results.record import Record, Score
from samplebench.vocabulary import Floor

MakeRecord = Callable[..., Record]
MakeScore = Callable[..., Score]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")
AXE = Path(os.environ.get("SAMPLEBENCH_TEST_AXE", "node_modules/axe-core/axe.min.js"))

HOSTILE = """<script>window.broken = 1</script>"><img src=x onerror="window.broken = 2">"""
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>'
FLOOR = Floor((4.0, 5.0), count=99)
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (CHROMIUM and DRIVER and importlib.util.find_spec("selenium")),
        reason="needs Debian's chromium and chromium-driver, and selenium",
    ),
    # selenium leaves sockets to the garbage collector
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    with tempfile.TemporaryDirectory() as profile:
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        service = webdriver.ChromeService(str(DRIVER))
        driver = webdriver.Chrome(options=options, service=service)
        yield driver
        driver.quit()


@pytest.fixture(scope="module")
def records(make_record: MakeRecord, make_score: MakeScore) -> list[Record]:
    """Two autoencoders; three samplers, of which one copies and one lacks a score; hostile
    names.
    """

    def measure(sampler: str | None, autoencoder: str, base: float, copies: float) -> list[Record]:
        made = []
        for seed in range(3):
            scores = [
                make_score(
                    "FD",
                    base + seed / 10,
                    weights="a",
                    metric="frechet",
                    floor=Floor((4.0, 5.0), count=99),
                ),
                make_score("copies", copies, alarm=0.1, diagnostic=True),
                make_score("NLL", None if base > 1000 else base / 10, subject="latents"),
                make_score("MSE", base / 7, subject="autoencoder"),
                make_score("fit", base * 3, unit="s", subject="cost"),
            ]
            picture = f"{sampler or 'reconstruction'}.png".replace("/", "")
            made.append(
                make_record(sampler, seed, scores, autoencoder=autoencoder, picture=picture)
            )
        return made

    return [
        record
        for shift, autoencoder in enumerate(("vae", "ae"))
        for record in (
            *measure(None, autoencoder, 5 + shift, 0),
            *measure("gmm", autoencoder, 9 + shift, 0),
            *measure("copier", autoencoder, 6 + shift, 0.9),
            *measure(HOSTILE, autoencoder, 1200 + shift, 0),
        )
    ]


@pytest.fixture(scope="module")
def page(records: Sequence[Record], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    names = ["gmm.png", "copier.png", "reconstruction.png"]
    for name in names:
        Image.new("L", (160, 20), 128).save(folder / name)
    commentary = (
        f"# Findings\n\n{HOSTILE}\n\n[click](javascript:window.broken=3) and `a </script>`\n\n"
        "| a | b |\n|---|--:|\n| 1 | 2 |\n\n![picture](https://example.org/tracker.png)\n"
    )
    board = make_board(
        "toy", records, pictures=names, commentary=commentary, about=f"A board of {HOSTILE}"
    )
    companions = Companions(
        plots=(Plot("scores", "scores", "Scores", HOSTILE, HOSTILE, SVG),),
        downloads=(Download("toy.csv", "CSV", "text/csv", "suite,mean\ntoy,1\n"),),
        bibliography=f"@misc{{samplebench, title = {{{HOSTILE}}}}}",
    )
    texts = {("metric", "frechet"): PartText(("The distance of ", Code(HOSTILE)))}
    path = folder / "toy.html"
    path.write_text(board_page(board, folder, texts, companions), encoding="utf-8")
    return path


@pytest.fixture
def opened(browser: Any, page: Path) -> Any:
    """The page, freshly opened on a desktop in light colours."""
    show(browser, page)
    return browser


def show(browser: Any, page: Path, width: int = 1440, scheme: str = "light") -> None:
    browser.get_log("browser")
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600},
    )
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
    )
    browser.get(page.as_uri())


def column(browser: Any, place: int) -> list[str]:
    """The texts in a column of the first table, from top to bottom."""
    texts: list[str] = browser.execute_script(
        "return [...document.querySelectorAll('.scores tbody tr')]"
        ".map((row) => row.cells[arguments[0]].textContent)",
        place,
    )
    return texts


def choose(browser: Any, selector: str, value: str) -> None:
    browser.execute_script(
        "const e = document.querySelector(arguments[0]); e.value = arguments[1];"
        "e.dispatchEvent(new Event('input')); e.dispatchEvent(new Event('change'));",
        selector,
        value,
    )


def details_of(browser: Any) -> str:
    text: str = browser.execute_script(
        "const d = document.getElementById('details'); return d.hidden ? '' : d.innerText"
    )
    return text


def test_the_page_fetches_nothing_and_reports_no_error(opened: Any) -> None:
    fetched = opened.execute_script(
        "return performance.getEntriesByType('resource').map((each) => each.name)"
    )
    assert [name for name in fetched if not name.startswith("data:")] == []
    assert opened.get_log("browser") == []


def test_hostile_names_stay_text(opened: Any) -> None:
    assert opened.execute_script("return window.broken ?? null") is None
    assert opened.execute_script("return document.querySelectorAll('img[src=x]').length") == 0
    assert any(HOSTILE in text for text in column(opened, 1))
    assert HOSTILE in opened.find_element("css selector", ".about").text
    assert HOSTILE in opened.find_element("css selector", ".written").text
    hrefs = opened.execute_script("return [...document.links].map((each) => each.href)")
    assert not [href for href in hrefs if href.startswith("javascript:")]
    # The page's own policy would not run it either.
    opened.execute_script(
        "const s = document.createElement('script'); s.textContent = 'window.broken = 4';"
        "document.body.append(s)"
    )
    assert opened.execute_script("return window.broken ?? null") is None


def test_a_heading_sorts_by_number_and_what_is_missing_comes_last(opened: Any) -> None:
    button = "th:nth-child({}) .dt-column-order"
    opened.execute_script(f"document.querySelector('{button.format(4)}').click()")
    scores = [float(text.split()[0].replace(",", "")) for text in column(opened, 3)]
    assert scores == sorted(scores)
    assert max(scores) > 1000
    for _ in range(2):
        opened.execute_script(f"document.querySelector('{button.format(6)}').click()")
        texts = column(opened, 5)
        numbers = [text for text in texts if not text.startswith("—")]
        assert texts[: len(numbers)] == numbers
    assert opened.execute_script(
        "return document.querySelectorAll('.scores th[aria-sort]').length"
    )


def test_rows_are_found_by_autoencoder_kind_and_text(opened: Any) -> None:
    everything = len(column(opened, 1))
    choose(opened, ".kinds", "sampler")
    assert len(column(opened, 1)) == 6
    choose(opened, ".kinds", "honest")
    assert not any("copier" in text for text in column(opened, 1))
    choose(opened, ".autoencoder", "vae")
    assert len(column(opened, 0)) == 2
    choose(opened, ".find", "gmm")
    assert [text.strip() for text in column(opened, 0)] == ["gmm"]
    assert opened.find_element("css selector", ".count").text == f"1 of {everything} rows"


def test_columns_are_hidden_by_group_and_each(opened: Any) -> None:
    def headings() -> list[str]:
        found: list[str] = opened.execute_script(
            "return [...document.querySelectorAll('.scores thead th')].map((e) => e.innerText)"
        )
        return [heading.partition("\xa0")[0].strip() for heading in found]

    assert headings() == ["autoencoder", "sampler", "n", "FD", "copies", "NLL", "MSE"]
    opened.execute_script("document.querySelector('.group[value=Costs]').click()")
    assert headings()[-1] == "fit [s]"
    opened.execute_script("document.querySelector('.group[value=Latents]').click()")
    opened.execute_script("document.querySelector('.column').click()")
    assert headings() == ["autoencoder", "sampler", "n", "copies", "MSE", "fit [s]"]


def test_the_sampler_stays_in_sight_on_a_phone(browser: Any, page: Path) -> None:
    show(browser, page, width=390)
    wide, left = browser.execute_script(
        "const box = document.querySelector('.scroll'); box.scrollLeft = 9999;"
        "return [document.documentElement.scrollWidth,"
        " document.querySelector('.scores tbody th').getBoundingClientRect().left"
        " - box.getBoundingClientRect().left]"
    )
    assert wide == 390
    assert 0 <= left < 10


def test_a_focused_score_shows_n_interval_floor_and_origin(opened: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    choose(opened, ".autoencoder", "vae")
    choose(opened, ".find", "gmm")
    cell = opened.find_element("css selector", '.scores td[tabindex="0"]')
    cell.send_keys("")
    opened.execute_script("arguments[0].focus()", cell)
    # Student's t of two degrees of freedom has 97.5 % below 4.302653: 9.1 ± 4.302653 · 0.1 / √3
    assert "95 % interval 8.85 to 9.35, over n = 3 seeds" in details_of(opened)
    assert "Real data scores 4.50 ± 6.35" in details_of(opened)
    assert "seed 0" in details_of(opened)
    assert "commit 01234567; torch 2.14.1" in details_of(opened)
    assert cell.get_attribute("aria-describedby") == "details"
    cell.send_keys(Keys.ARROW_RIGHT)
    assert details_of(opened).startswith("copies")
    opened.switch_to.active_element.send_keys(Keys.ESCAPE)
    assert details_of(opened) == ""


def test_a_heading_shows_what_its_column_means(opened: Any) -> None:
    opened.execute_script("document.querySelector('th:nth-child(4) .dt-column-order').focus()")
    assert f"The distance of {HOSTILE}" in details_of(opened)
    assert "Lower is better" in details_of(opened)


def test_a_row_opens_its_samples(opened: Any) -> None:
    link = opened.find_element("css selector", ".scores tbody th a")
    opened.execute_script("arguments[0].focus(); arguments[0].click()", link)
    dialog = opened.find_element("css selector", "dialog")
    assert dialog.get_attribute("open")
    assert dialog.find_element("css selector", "img").get_property("naturalWidth") == 160
    dialog.find_element("css selector", "button").click()
    assert opened.switch_to.active_element == link


def test_files_are_held_by_the_page(opened: Any) -> None:
    link = opened.find_element("css selector", ".downloads a")
    assert link.get_attribute("download") == "toy.csv"
    assert link.get_attribute("href").startswith("data:text/csv;base64,")


@pytest.mark.skipif(not AXE.is_file(), reason="needs axe-core, at SAMPLEBENCH_TEST_AXE")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_axe_finds_nothing_serious(browser: Any, page: Path, width: int, scheme: str) -> None:
    show(browser, page, width, scheme)
    browser.execute_script(AXE.read_text(encoding="utf-8"))
    found = browser.execute_async_script(
        "axe.run().then((result) => arguments[0](result.violations.map("
        "(each) => [each.impact, each.id, each.nodes.map((node) => node.html).slice(0, 3)])))"
    )
    assert [each for each in found if each[0] in ("serious", "critical")] == []


def test_ten_thousand_records_are_shown_in_five_seconds(
    browser: Any, tmp_path: Path, make_record: MakeRecord, make_score: MakeScore
) -> None:
    scores = {
        (sampler, seed): [
            make_score(
                f"score {n}", 9.5 + sampler + seed / 7, subject="cost" if n > 2 else "images"
            )
            for n in range(12)
        ]
        for sampler in range(3)
        for seed in range(3)
    }
    records = [
        make_record(
            f"gmm(components={sampler})", seed, those, autoencoder=f"vae(latent={autoencoder})"
        )
        for autoencoder in range(1112)
        for (sampler, seed), those in scores.items()
    ]
    assert len(records) > 10_000
    path = tmp_path / "big.html"
    path.write_text(board_page(make_board("big", records), tmp_path, {}, Companions()), "utf-8")
    assert path.stat().st_size < 3_000_000
    show(browser, path)
    loaded = "return performance.getEntriesByType('navigation')[0].loadEventEnd"
    # On a busy machine it gets a share of the time.
    busy = max(1.0, 2 * os.getloadavg()[0] / (os.cpu_count() or 1))
    assert browser.execute_script(loaded) < 5000 * busy
    assert "3336 of 3336 rows" in browser.find_element("css selector", ".count").text
