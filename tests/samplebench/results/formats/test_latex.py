"""LaTeX, compiled by TeX and read back from the PDF: what is printed is what was said."""

import re
import shutil
import subprocess
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
from samplebench.results.formats.latex import PACKAGES, render
from samplebench.results.formats.latex_text import escape, escape_code

needs_tex = pytest.mark.skipif(
    not (shutil.which("pdflatex") and shutil.which("pdftotext")),
    reason="pdflatex and pdftotext are not installed",
)

ASCII = "".join(map(chr, range(33, 127)))
OTHERS = "±×·−√∞≤≥≠≈∈↓↑→←‡†°§…–—‘’“”•αβγδεζηθικλμνξπρστφχψωΓΔΘΛΞΠΣΦΨΩéèüñçÅøßœŁ²³¹₀"
UNNAMED = "−√≠‡†•Δ"
"""Those whose glyph has no name in the PDF, so that its text has another sign or none."""


def compile_pdf(body: str, folder: Path, preamble: str = "") -> tuple[str, str]:
    """The text of the PDF that TeX makes, and its log. An error of TeX fails."""
    (folder / "page.tex").write_text(
        f"\\documentclass{{article}}\n\\usepackage{{{','.join(PACKAGES)}}}\n{preamble}\n"
        f"\\begin{{document}}\n{body}\n\\end{{document}}\n",
        encoding="utf-8",
    )
    for _ in range(2):  # the second time, labels are known
        done = subprocess.run(
            ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"],
            cwd=folder,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]
    text = subprocess.run(
        ["pdftotext", "-layout", "page.pdf", "-"], cwd=folder, capture_output=True, check=True
    )
    log = (folder / "page.log").read_text(encoding="utf-8", errors="replace")
    return unicodedata.normalize("NFKC", text.stdout.decode()), log


def warnings_of(log: str) -> list[str]:
    return re.findall(r"^(?:LaTeX|Package).*Warning.*|^Overfull.*|^Underfull.*", log, re.MULTILINE)


def squeeze(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def table(*rows: tuple, headings: tuple = ("autoencoder", "sampler", "n", "FD ↓")) -> Table:
    return Table(tuple((each,) for each in headings), rows, labels=2)


ROWS = (
    ((Code("vae"),), ("real data (floor)",), (Link("3", "x.json"),), ("0.611",)),
    ((Code("vae"),), (Code("gmm(a=1)"), " (control) ‡"), (Link("3", "x.json"), " °"), ("—",)),
    ((Code("vae"),), (Code("pmfs"),), (Link("3", "x"),), (Strong("12,345.0 ± 0.5"), " (n = 2) ¹")),
    ((Code("wae"),), (Code("kde"),), (Link("3", "x"),), ("-8.97e-5 ± 9.26e-5",)),
)


@given(st.text(st.one_of(st.sampled_from(ASCII + OTHERS + " "), st.characters()), max_size=20))
@settings(deadline=None)
def test_escaped_text_holds_no_bare_command(text):
    for shown in (escape(text), escape_code(text)):
        assert shown.isascii()
        assert shown.isprintable()
        # Without the commands that the module writes, nothing is left that TeX would act on.
        rest = re.sub(r"\$\\[A-Za-z|]+(\{o\})?\$|\$-\$|\\[a-zA-Z]+|\\[^A-Za-z]", "", shown)
        assert not set(rest) & set("\\$&#%_^~")
        depth = 0
        for sign in rest:
            depth += (sign == "{") - (sign == "}")
            assert depth >= 0
        assert depth == 0


@needs_tex
def test_every_sign_is_printed_as_it_is(tmp_path):
    texts = [f"a{one}{other}b" for one in ASCII for other in ASCII]
    texts += [f"a{each}b" for each in OTHERS]
    body = "\n\n".join(f"\\texttt{{{escape_code(text)}}}" for text in texts)
    shown, _ = compile_pdf(body, tmp_path, r"\usepackage[T1]{fontenc}\usepackage{cmap}")
    printed = squeeze(shown)
    missing = [text for text in texts if squeeze(text) not in printed]
    assert "".join(missing) == "".join(f"a{each}b" for each in UNNAMED)


@needs_tex
def test_plain_text_and_signs_without_a_name_compile_in_the_oldest_encoding(tmp_path):
    body = "\n\n".join(escape(each) for each in [*ASCII, *OTHERS, "中", "q\u0303", "\x00"])
    shown, _ = compile_pdf(body, tmp_path)
    assert "[U+4E2D]" in shown
    assert "q[U+0303]" in shown


@needs_tex
def test_a_table_of_any_names_compiles_without_a_warning(tmp_path):
    names = [f"[{ASCII}{OTHERS}]", "*", "<script>", "a & b \\\\ % c", "中文"]
    rows = [((Code(name),), (Code(name),), ("3",), ("1.00 ± 0.25",)) for name in names]
    page = render(
        [Heading((" ".join(names[0]),), level=2), table(*rows), Bullets((("[x]",), ("*y",)))]
    )
    _, log = compile_pdf(page, tmp_path)
    assert not warnings_of(log)


@needs_tex
def test_scores_marks_and_captions_are_printed(tmp_path):
    page = render(
        [
            Heading(("mnist",), level=2),
            table(*ROWS),
            Paragraph(
                (
                    "Over ",
                    Code("n"),
                    " seeds.",
                )
            ),
            Bullets((("‡ copies",), ("¹ failed",))),
        ]
    )
    shown, log = compile_pdf(f"{page}\nSee Table~\\ref{{tab:mnist}}.", tmp_path)
    assert not warnings_of(log)
    assert "SeeTable1." in squeeze(shown)
    for text in ("Table1:mnist.Overnseeds.", "12,345.0±0.5(n=2)1", "0.611", "(control)"):
        assert text in squeeze(shown)
    assert r"\bfseries 12345.0 & \bfseries $\pm$ \num{0.5} (n = 2) \textsuperscript{1}" in page
    assert r"\texttt{gmm(a=1)} (control) \textdaggerdbl{} & 3 &  \textdegree{} &  & " in page


def test_labels_that_all_rows_share_stand_in_the_caption():
    page = render([Heading(("toy",), level=2), table(*ROWS[:3])])
    assert r"\caption{toy (autoencoder: \texttt{vae}).}" in page
    assert page.count("vae") == 1


@needs_tex
def test_a_caption_with_long_specs_has_no_line_that_is_too_long_or_too_loose(tmp_path):
    spec = "vq-vae(channels=16, codes=512, replace_dead=0.5, update='gradient', width=32)"
    rows = [((Code(spec),), *row[1:]) for row in ROWS[:3]]
    page = render([Heading(("a-suite: a-dataset-of-a-long-name",), level=2), table(*rows)])
    _, log = compile_pdf(page, tmp_path)
    assert not warnings_of(log)


def big_board(autoencoders: int, samplers: int, scores: int) -> Table:
    headings = ("autoencoder", "sampler", "n", *(f"score {i}" for i in range(scores)))
    rows = [
        ((Code(f"vae{a}"),), (Code(f"gmm{s}"),), ("3",), *[(f"{a}.{s:02} ± 0.10",)] * scores)
        for a in range(autoencoders)
        for s in range(samplers)
    ]
    return table(*rows, headings=headings)


@needs_tex
@pytest.mark.parametrize("counts", [(1, 60, 3), (5, 18, 9), (40, 1, 12), (2, 2, 30)])
def test_a_board_of_any_size_compiles_into_floats_that_fit_and_hold_every_score(tmp_path, counts):
    autoencoders, samplers, scores = counts
    notes = [(f"Note {i} of some length, as long as a line is.",) for i in range(12)]
    board = big_board(*counts)
    page = render(
        [Heading(("toy",), level=2), board, Paragraph(("Reading.",)), Bullets((*notes,))]
    )
    _, log = compile_pdf(page, tmp_path)
    assert not warnings_of(log)
    assert page.count("Reading.") == page.count("Note 3 ") == 1
    assert page.count(r"\num{0.10}") == autoencoders * samplers * scores
    floats = page.count(r"\begin{table}")
    assert page.count("As Table~\\ref{tab:toy}, continued.") == floats - 1


def test_labels_to_refer_to_are_unique():
    blocks = [Heading(("Ä toy: 1/2",), level=2), table(*ROWS)]
    labels = re.findall(r"\\label\{(.*)\}", render(blocks * 3))
    assert labels == ["tab:a-toy-1-2", "tab:a-toy-1-2-2", "tab:a-toy-1-2-3"]


def test_a_wide_table_is_cut_into_panels_that_each_have_the_labels():
    row = ((Code("vae"),), (Code("pmfs(bins=10)"),), ("3",), *[("0.0469 ± 0.0026",)] * 12)
    other = (row[0], (Code("kde"),), *row[2:])
    headings = ("autoencoder", "sampler", "n", *(f"score number {i}" for i in range(12)))
    page = render([Heading(("x",), level=2), table(row, other, headings=headings)])
    assert page.count("pmfs(bins=10)") == page.count(r"\toprule") > 1
    assert all(page.count(f"{{score number {i}}}") == 1 for i in range(12))


@needs_tex
def test_other_blocks_are_parts_of_a_document(tmp_path):
    page = render(
        [
            Heading(("A & B",), level=1),
            Paragraph((Link("a_b", "x"), ", ", Strong("c%"))),
            Bullets((("one",), ("[two]",))),
            Written("Some *text*.\n\nMore."),
        ]
    )
    shown, log = compile_pdf(page, tmp_path)
    assert not warnings_of(log)
    assert all(text in shown for text in ("A&B", "c%", "*text*", "More."))
    picture = render([Picture("a b.png", "50 % of it")])
    assert r"\includegraphics[width=\linewidth]{\detokenize{a b.png}}" in picture


def test_the_same_blocks_give_the_same_text():
    blocks = [Heading(("toy",), level=2), table(*ROWS)]
    assert render(blocks) == render(blocks)
