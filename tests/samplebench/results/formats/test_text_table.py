"""Plain tables keep every word whole, in any width."""

from hypothesis import given
from hypothesis import strategies as st

from samplebench.results.formats.text_table import format_rows, output_width, wrap_text

WORDS = st.text("abcdefgh(=)-'", min_size=1, max_size=20)
CELLS = st.lists(WORDS, max_size=8).map(" ".join)
ROWS = st.lists(
    st.fixed_dictionaries({"name": WORDS, "about": CELLS, "reference": CELLS}),
    min_size=1,
    max_size=5,
)


@given(ROWS, st.integers(30, 200))
def test_every_word_is_there_and_no_line_of_several_words_is_too_wide(rows, width):
    text = format_rows(rows, width)
    found = text.replace(",", " ").split()
    for row in rows:
        for word in " ".join(row.values()).split():
            assert word in found
    for line in text.splitlines():
        assert len(line) <= width or len(line.split()) == 1, line


def test_a_column_gives_way_before_rows_become_paragraphs():
    rows = [
        {"name": "gmm", "seed": "0", "about": "Draws from a mixture of Gaussians."},
        {"name": "kde", "seed": "0", "about": "Draws training latents with noise."},
    ]
    assert format_rows(rows, 60).splitlines() == [
        "name    seed    about",
        "------  ------  ----------------------------------",
        "gmm     0       Draws from a mixture of Gaussians.",
        "kde     0       Draws training latents with noise.",
    ]
    assert format_rows(rows, 36).splitlines()[2:4] == [
        "gmm     0       Draws from a mixture",
        "                of Gaussians.",
    ]
    assert format_rows(rows, 26).splitlines() == [
        "seed: 0",
        "",
        "name    about",
        "------  --------------",
        "gmm     Draws from a",
        "        mixture of",
        "        Gaussians.",
        "kde     Draws training",
        "        latents with",
        "        noise.",
    ]
    assert format_rows(rows, 20).splitlines() == [
        "seed: 0",
        "",
        "gmm",
        "  about: Draws from",
        "    a mixture of",
        "    Gaussians.",
        "kde",
        "  about: Draws",
        "    training latents",
        "    with noise.",
    ]


def test_columns_without_any_text_are_left_out():
    rows = [{"name": "a", "reason": "", "seed": "1"}, {"name": "b", "reason": "", "seed": "2"}]
    assert "reason" not in format_rows(rows, 80)
    assert format_rows([], 80) == ""


def test_lines_of_a_text_stay_lines():
    assert wrap_text("one two\nthree", 5) == "one\ntwo\nthree"


def test_the_width_is_that_of_columns_or_100_in_a_pipe(monkeypatch):
    monkeypatch.setenv("COLUMNS", "61")
    assert output_width() == 61
    monkeypatch.delenv("COLUMNS")
    monkeypatch.setattr("sys.__stdout__", None)
    assert output_width() == 100
