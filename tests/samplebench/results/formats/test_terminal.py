"""Blocks on a terminal: everything is there, and nothing is wider than the terminal."""

import io
import re

import pytest
from rich.console import Console

from samplebench.results.blocks import (
    Bullets,
    Code,
    Heading,
    Link,
    Paragraph,
    Picture,
    Strong,
    Table,
    Written,
)
from samplebench.results.formats.terminal import show

LONG = "jittered-resample(bins=20)"


def shown(*blocks, width=100):
    page = io.StringIO()
    show(blocks, Console(file=page, width=width, force_terminal=True, no_color=True))
    return re.sub(r"\x1b\[[\d;]*m", "", page.getvalue())


def table(columns, names=("ae", "vae"), samplers=("gmm", LONG)):
    headings = (("autoencoder",), ("sampler",), *((f"score {n} ↓",) for n in range(columns)))
    rows = tuple(
        ((Code(name),), (Code(sampler), " ‡"), *((f"{n},000.5 ± 0.25",) for n in range(columns)))
        for name in names
        for sampler in samplers
    )
    return Table(headings, rows, labels=2)


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_a_wide_table_is_split_and_no_number_or_name_is_cut(width):
    page = shown(table(9), width=width)
    assert max(map(len, page.splitlines())) <= width
    for n in range(9):
        assert page.count(f"{n},000.5 ± 0.25") == 4
    assert page.count(LONG) == 2 * page.count("─" * 20 + "\n")
    assert "…" not in page


def test_an_autoencoder_is_named_once_above_its_rows():
    lines = [line.strip() for line in shown(table(1)).splitlines()]
    assert [line for line in lines if line in ("ae", "vae")] == ["ae", "vae"]


def test_a_label_that_all_rows_share_is_the_title_and_no_column():
    lines = shown(table(1, samplers=("gmm",))).splitlines()
    assert lines[0].strip() == "sampler: gmm ‡"
    assert lines[1].split() == ["autoencoder", "score", "0", "↓"]
    assert shown(table(1, names=("ae",), samplers=("gmm",))).split()[:2] == [
        "autoencoder",
        "sampler",
    ]


def test_a_long_name_is_wrapped_and_not_cut():
    name = "vq-vae(channels=16, codes=512, replace_dead=0.0, width=32, update='gradient')"
    page = shown(table(1, names=(name, "ae"), samplers=("gmm",)), width=80)
    assert "".join(page.split()).replace("0,000.5±0.25", "").count("".join(name.split())) == 1


def test_the_other_blocks_are_plain_text():
    page = shown(
        Heading(("Board",), level=1),
        Paragraph(("[red]not markup[/red] ", Link("text", "path.md"), " ", Strong("strong"))),
        Bullets((("one",), (Code("two"),))),
        Picture("samples/a.png", "digits"),
        Written("*written*"),
    )
    for text in ("Board", "[red]not markup[/red] text strong", "• one", "• two", "written"):
        assert text in page
    assert "digits: samples/a.png" in page
    assert "path.md" not in page
