"""Markdown, read back by an independent parser: no text becomes markup."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

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
from samplebench.results.formats.markdown import render

# What might be markup is drawn often.
TEXTS = st.text(
    st.one_of(st.sampled_from("\\`*_<>|[]()#+-=~&;:!.1a "), st.characters(codec="utf-8")),
    min_size=1,
    max_size=30,
).filter(lambda text: text.isprintable() and text.split())


def parse(page: str) -> list:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(page)


def inlines(page: str) -> list[tuple[str, str]]:
    """The kind of each block that holds text, and the text in it without its markup."""
    tokens = parse(page)
    return [
        (before.type, "".join(child.content for child in token.children))
        for before, token in pairwise(tokens)
        if token.type == "inline"
    ]


def one_line(text: str) -> str:
    return " ".join(text.split())


@given(TEXTS)
@settings(deadline=None)
def test_any_text_is_shown_as_it_is(text):
    shown = one_line(text)
    assert inlines(render([Paragraph((text,))])) == [("paragraph_open", shown)]
    assert inlines(render([Heading((text,), level=2)])) == [("heading_open", shown)]
    assert inlines(render([Bullets(((text,), (text,)))])) == [("paragraph_open", shown)] * 2


@given(TEXTS)
@settings(deadline=None)
def test_any_run_in_a_text_is_shown_as_it_is(text):
    runs = (
        "a ",
        Code(text),
        " b ",
        Link(text, "c d.md"),
        " ",
        Strong(f"x{one_line(text)}x"),
        " e",
    )
    [(kind, shown)] = inlines(render([Paragraph(runs)]))
    line = one_line(text)
    assert (kind, one_line(shown)) == ("paragraph_open", f"a {line} b {line} x{line}x e")


@given(TEXTS, TEXTS)
@settings(deadline=None)
def test_any_text_stays_in_its_cell(one, other):
    table = Table(((one,), (other,)), ((("x", one), (Code(other),)),), labels=1)
    cells = [one_line(text) for text in (one, other, f"x{one}", other)]
    assert [one_line(text) for _, text in inlines(render([table]))] == cells


@pytest.mark.parametrize("sign", ["\x00", "\x1b[31m", "\x7f", "\x9b", "\ud800"])
def test_control_characters_and_halves_of_characters_stay_out_of_pages(sign):
    page = render([Paragraph((f"a{sign}b",)), Bullets(((Code(f"a{sign}b"),),))])
    assert sign[0] not in page
    assert page.encode()


@pytest.mark.parametrize(
    ("block", "text"),
    [
        (Paragraph(("FD[classifier] is low",)), "FD[classifier] is low\n"),
        (Paragraph((Link("3", "records/a b/c.json"),)), "[3](records/a%20b/c.json)\n"),
        (Picture("samples/a.png", "of [a]"), "![of \\[a\\]](samples/a.png)\n"),
        (Written("**bold** as it is"), "**bold** as it is\n"),
        (
            Table((("a",), ("b",)), (((Code("x|y"),), ("1",)),), labels=1),
            "| a      |   b |\n|:-------|----:|\n| `x\\|y` |   1 |\n",
        ),
    ],
)
def test_the_source_can_be_read_too(block, text):
    assert render([block]) == text
