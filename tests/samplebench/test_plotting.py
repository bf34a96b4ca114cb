"""The command `plot`, as it is typed, and the plane of latents."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from samplebench.cli import main
from samplebench.latent_plots import Plane

ROOT = Path(__file__).parents[2]
BOARDS = ROOT / "leaderboards"
HELPERS = ROOT / "tests" / "helpers"


@pytest.fixture
def typed(tmp_path, monkeypatch, capsys):
    """Runs `plot` in an empty folder; its exit code and what it printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def typed(*words, results=BOARDS):
        code = main(["plot", *map(str, words), "--results", str(results)])
        out, err = capsys.readouterr()
        return code, out.split(), err

    return typed


def svg_texts(path):
    return re.findall(r"<text [^>]*>([^<]*)</text>", Path(path).read_text())


def test_rows_and_columns_can_be_chosen_and_references_stay(typed):
    chosen = ("--autoencoder", "vae(latent=8)", "--sampler", "g*", "--columns", "FD[random-conv]")
    code, out, _ = typed("digits", "scores", *chosen)
    assert (code, out) == (0, ["digits-scores.svg"])
    texts = svg_texts("digits-scores.svg")
    names = ["real data (floor)", "reconstruction", "gmm(components=10)", "gaussian"]
    assert [text for text in texts if text in names][: len(names)] == names
    assert "FD[random-conv] ↓" in texts
    assert not any("pmfs" in text or "FD[classifier]" in text for text in texts)


def test_a_board_of_several_tables_gives_a_file_for_each(typed):
    code, out, _ = typed("spoken-digits", "cost", "--output", "cost.png")
    assert (code, out) == (0, ["cost_spoken-digit-numbers.png", "cost_spoken-digits.png"])
    assert all(Path(name).read_bytes().startswith(b"\x89PNG") for name in out)


@pytest.mark.slow
def test_curves_have_the_rows_of_the_appendix(typed):
    words = ("--autoencoder", "vae*", "--sampler", "pmfs*", "--columns", "FD[classifier]")
    assert typed("mnist", "sweep", *words)[0] == 0
    assert {"5", "10", "20", "64", "bins of pmfs"} <= set(svg_texts("mnist-sweep.svg"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nothing", "scores"), "no records of 'nothing'"),
        (("digits", "rate"), "'digits' has no plot 'rate': it needs the rate"),
        (("bottlenecks-mnist", "copying"), "it needs a score of copying"),
        (("digits", "scores", "--sampler", "gausian"), "did you mean 'gaussian'?"),
        (("digits", "scores", "--columns", "FID"), "no score fits 'FID'"),
        (("digits", "scores", "--output", "x.jpg"), "--output ends with .svg, .png, .pdf"),
        (("digits", "latents"), "latents are those of one autoencoder"),
        (("digits", "latents", "--seed", "99"), "Seeds: 0, 1, 2."),
    ],
)
def test_what_cannot_be_plotted_is_said_in_one_line(typed, words, said):
    if "latents" in words:  # which are made again
        pytest.importorskip("samplebench_datasets")
    code, out, err = typed(*words)
    assert (code, out) == (2, [])
    assert said in err
    assert len(err.splitlines()) == 1


def test_latents_and_draws_are_those_of_the_cell(typed, tmp_path):
    parts = ("--plugin", HELPERS / "toy_parts.py", "--quiet", "--device", "cpu")
    suite = ("--suite", HELPERS / "toy.toml", "--results", tmp_path / "mine")
    words = ("run", *suite, *parts, "--seeds", "0", "--sampler", "normal")
    assert main([str(word) for word in words]) == 0
    code, out, _ = typed("toy", "latents", *parts, results=tmp_path / "mine")
    assert (code, out[-1]) == (0, "toy-latents.svg")
    svg = Path("toy-latents.svg").read_text()
    assert "toy: linear on stripes, seed 0: training latents and draws" in svg
    assert "draws (40 of normal)" in svg  # as many as the suite generates


def test_the_plane_is_that_of_principal_component_analysis():
    vectors = torch.randn(200, 5, generator=torch.Generator().manual_seed(0)) * torch.arange(1, 6)
    plane, peer = Plane.of(vectors), PCA(2).fit(vectors.double().numpy())
    assert plane.shares == pytest.approx(peer.explained_variance_ratio_.tolist())
    places = np.array(plane.project(vectors))
    expected = peer.transform(vectors.double().numpy())
    np.testing.assert_allclose(np.abs(places), np.abs(expected), atol=1e-9)
    largest = plane.axes.abs().argmax(1, keepdim=True)
    assert (plane.axes.gather(1, largest) > 0).all()


def test_equal_vectors_have_a_plane_without_variance():
    plane = Plane.of(torch.ones(10, 3))
    assert plane.shares == (0.0, 0.0)
    assert np.allclose(plane.project(torch.ones(10, 3)), 0)


def test_nothing_but_drawing_imports_matplotlib():
    program = "import sys, samplebench.cli, samplebench.boards, samplebench.results.plots; "
    program += "print([name for name in ('matplotlib', 'torch') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr
