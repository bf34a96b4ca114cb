"""What `cite` prints of the committed boards is a document, as TeX and BibTeX see it."""

import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from pybtex.database import parse_string

from samplebench.cli import main
from samplebench.results.formats.latex import PACKAGES

RESULTS = Path(__file__).parents[2] / "leaderboards"
DOCUMENT = """\\documentclass{article}
\\usepackage{%s}
\\begin{document}
\\sloppy
\\input{setup}
\\input{table}
\\bibliographystyle{plain}
\\bibliography{bibtex}
\\end{document}
"""
needs_tex = pytest.mark.skipif(
    not (shutil.which("pdflatex") and shutil.which("bibtex")),
    reason="pdflatex and bibtex are not installed",
)


@pytest.fixture
def cite(capsys):
    def cite(*arguments):
        assert main(["cite", *arguments, "--results", str(RESULTS)]) == 0
        printed, told = capsys.readouterr()
        assert told == ""
        return printed

    return cite


def split(whole):
    """The parts of all that is printed, by name: printed one by one, a board is read each time."""
    _, *parts = re.split(r"^% --- (\w+): .*\n", whole, flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def keys_cited(text):
    return {key for keys in re.findall(r"\\cite\{([^}]*)\}", text) for key in keys.split(",")}


BOARDS = [
    ("digits", "vae(latent=8)/*"),
    ("spoken-digits", "*/gmm*", "*/pmfs(bins=5)", "*/reconstruction", "--columns", "FD*"),
    pytest.param(("bottlenecks-mnist",), marks=pytest.mark.slow),
    pytest.param(("autoencoders-mnist",), marks=pytest.mark.slow),
    pytest.param(("mnist", "beta-vae*"), marks=pytest.mark.slow),
]


@needs_tex
@pytest.mark.parametrize("rows", BOARDS, ids=lambda rows: rows[0])
def test_table_set_up_and_bibliography_compile_without_a_warning(cite, rows, tmp_path):
    for part, text in split(cite(*rows)).items():
        name = f"{part}.bib" if part == "bibtex" else f"{part}.tex"
        (tmp_path / name).write_text(text)
    (tmp_path / "paper.tex").write_text(DOCUMENT % ",".join(PACKAGES))
    for command in ("pdflatex", "bibtex", "pdflatex", "pdflatex"):
        options = ("-interaction=nonstopmode", "-halt-on-error") if command == "pdflatex" else ()
        done = subprocess.run(
            [command, *options, "paper"], cwd=tmp_path, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]
    log = (tmp_path / "paper.log").read_text(errors="replace")
    assert not re.findall(r"^(?:LaTeX|Package).*Warning.*|^Overfull.*", log, re.MULTILINE)
    assert "warning" not in (tmp_path / "paper.blg").read_text().replace("warning$ -- 0", "")
    listed = re.findall(r"\\bibitem\{(.*)\}", (tmp_path / "paper.bbl").read_text())
    assert set(listed) == keys_cited((tmp_path / "setup.tex").read_text())


@pytest.mark.parametrize(
    "board",
    [
        "digits",
        "spoken-digits",
        pytest.param("mnist", marks=pytest.mark.slow),
        pytest.param("autoencoders-mnist", marks=pytest.mark.slow),
    ],
)
def test_every_bundled_part_with_a_reference_is_cited_in_the_sentences(cite, board):
    parts = split(cite(board))
    entries = parse_string(parts["bibtex"], "bibtex").entries
    cited = keys_cited(parts["setup"])
    assert cited == entries.keys()
    assert {"samplebench", "kingma2015adam"} < cited


def test_the_whole_has_each_part_once_and_is_the_same_each_time(cite):
    whole = cite("digits", "gmm*")
    assert whole == cite("digits", "gmm*")
    for part in ("table", "setup", "bibtex"):
        assert whole.count(cite("digits", "gmm*", "--part", part)) == 1
        assert f"% --- {part}: " in whole
    assert "pmfs" not in whole
    assert "\\cite{bouayed2023sampling}" not in whole


def test_rows_are_chosen_by_sampler_or_by_autoencoder_and_sampler(cite):
    def rows(*patterns):
        lines = cite("digits", *patterns, "--part", "records").splitlines()
        records = [json.loads((RESULTS / line.split()[1]).read_text()) for line in lines]
        return {(r["autoencoder"]["spec"], r["sampler"] and r["sampler"]["name"]) for r in records}

    assert rows("vae(latent=8)/pmfs*", "gaus*") == {
        ("vae(latent=8)", "pmfs"),
        ("ae(latent=8)", "gaussian"),
        ("vae(latent=8)", "gaussian"),
        ("vae(latent=8, latents='sample')", "gaussian"),
    }


def test_the_digest_in_the_sentence_is_that_of_the_records_that_are_listed(cite):
    lines = cite("digits", "vae*/gmm*", "--part", "records").splitlines()
    stated = [json.loads((RESULTS / line.split()[1]).read_text()) for line in lines]
    assert [line.split()[0] for line in lines] == sorted(each["content_digest"] for each in stated)
    whole = hashlib.sha256("".join(f"{line.split()[0]}\n" for line in lines).encode())
    assert f"\\texttt{{{whole.hexdigest()[:16]}}}" in cite("digits", "vae*/gmm*")


def test_only_the_chosen_columns_are_named(cite):
    text = cite("digits", "gmm*", "--columns", "authenticity", "--part", "setup")
    assert "The scores are authenticity~\\cite{alaa2022faithful}." in text
    assert "Features are" not in text


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("digts",), "no records of 'digts'"),
        (("digits", "gnm*"), "no row fits 'gnm*'"),
        (("digits", "--columns", "FID"), "no score fits 'FID'"),
    ],
)
def test_what_is_not_there_is_refused_with_what_is(capsys, arguments, told):
    assert main(["cite", *arguments, "--results", str(RESULTS)]) == 2
    assert told in capsys.readouterr().err
