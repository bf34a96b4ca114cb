"""The product as its users have it: the built wheel, with a stranger's plugin beside it."""

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def run(*command, **options):
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, **options
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def contents(folder):
    """The files of a results folder, but for the suite as it was last run."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "suite.toml"]
    return {path: path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The wheels of samplebench and of the example, unpacked in a folder of their own."""
    folder = tmp_path_factory.mktemp("installed")
    wheels, site = folder / "wheels", folder / "site"
    for project in (ROOT, ROOT / "examples" / "samplebench-laplace"):
        options = ("--wheel", "--no-isolation", "--outdir", wheels)
        run(sys.executable, "-m", "build", *options, project)
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index")
    run(*pip, "--target", site, *sorted(wheels.glob("*.whl")))
    return site


@pytest.fixture(scope="module")
def typed(installed, tmp_path_factory):
    """Runs a command of the installed wheel in an empty folder."""
    folder = tmp_path_factory.mktemp("user")
    environment = {
        **os.environ,
        "PYTHONPATH": str(installed),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "CUDA_VISIBLE_DEVICES": "",
    }

    def typed(*arguments):
        program = installed / "bin" / "samplebench"
        return run(sys.executable, program, *arguments, cwd=folder, env=environment)

    typed.folder = folder
    return typed


@pytest.fixture(scope="module")
def measured(typed):
    """The smoke suite with the example's sampler added."""
    samplers = ("gaussian", "pmfs(bins=4)", "resample", "laplace")
    chosen = [word for sampler in samplers for word in ("--sampler", sampler)]
    typed("run", "--suite", "smoke", *chosen, "--quiet", "--strict-plugins")
    return typed.folder / "leaderboards"


def test_the_wheel_holds_samplebench_its_plugins_and_its_suites(installed):
    assert (installed / "samplebench" / "suites" / "digits.toml").is_file()
    for line in run(
        sys.executable,
        "-c",
        "import samplebench_density, samplebench; "
        "print(samplebench_density.__file__); print(samplebench.__file__)",
        env={**os.environ, "PYTHONPATH": str(installed)},
    ).splitlines():
        assert line.startswith(str(installed))


def weights_in(names):
    return {Path(name).name for name in names if "/classifier_weights/" in str(name)}


WEIGHTS = weights_in(ROOT.glob("plugins/samplebench_metrics/classifier_weights/*"))


def test_the_wheel_holds_the_weights_that_ship(installed):
    assert {"digits.safetensors", "digits.json", "mnist.safetensors", "mnist.json"} <= WEIGHTS
    assert weights_in(installed.rglob("*")) == WEIGHTS


def bibliographies_in(names):
    found = (Path(name) for name in names if str(name).endswith("references.bib"))
    return {f"{name.parent.name}/{name.name}" for name in found}


def test_the_wheel_holds_the_bibliography_of_each_plugin(installed):
    assert bibliographies_in(installed.rglob("*")) == bibliographies_in(
        [*ROOT.glob("plugins/*/references.bib"), *ROOT.glob("src/*/references.bib")]
    )


@pytest.mark.slow
def test_the_source_archive_holds_the_weights_that_ship_and_stays_below_3_megabytes(tmp_path):
    run(sys.executable, "-m", "build", "--sdist", "--no-isolation", "--outdir", tmp_path, ROOT)
    [archive] = tmp_path.glob("*.tar.gz")
    assert archive.stat().st_size < 3_000_000
    with tarfile.open(archive) as opened:
        assert weights_in(opened.getnames()) == WEIGHTS


def test_a_third_partys_sampler_is_listed_beside_the_bundled_ones(typed):
    rows = {row["name"]: row for row in json.loads(typed("list", "samplers", "--json"))}
    assert rows["laplace"]["plugin"] == "samplebench-laplace"
    assert rows["gaussian"]["plugin"] == "samplebench"


def test_a_third_partys_sampler_appears_in_the_board_with_numbers(measured):
    board = (measured / "smoke.md").read_text()
    rows = [line for line in board.splitlines() if line.startswith("| ") and "`laplace`" in line]
    [ae, vae] = [row for row in rows if "refused" not in row]
    for row in (ae, vae):
        assert sum(character.isdigit() for character in row) > 20
    records = [json.loads(path.read_text()) for path in measured.rglob("*_laplace_*.json")]
    assert {record["sampler"]["plugin"] for record in records} == {"samplebench-laplace"}
    assert all(
        record["status"] == "measured" or "takes continuous latents" in record["reason"]
        for record in records
    )


def test_every_row_has_a_picture_and_every_autoencoder_a_montage(measured):
    board = (measured / "smoke.md").read_text()
    shown = [line.split("(")[-1].rstrip(")") for line in board.splitlines() if line[:2] == "!["]
    montages = [path for path in shown if path.startswith("samples/")]
    assert len(montages) == 6
    pictures = [
        path.relative_to(measured)
        for path in (measured / "samples" / "smoke").iterdir()
        if not path.name.endswith(".montage.png")
    ]
    assert len(pictures) == 2 * 5 + 4 * 2  # of four autoencoders only two rows are no refusals
    pictures += montages
    assert all((measured / picture).read_bytes()[:4] == b"\x89PNG" for picture in pictures)


def test_the_board_agrees_with_its_records(typed, measured):
    assert "1 of 1 boards agree" in typed("leaderboard", "--check")


def test_a_second_run_measures_nothing(typed, measured):
    before = contents(measured)
    told = typed("run", "--suite", "smoke", "--sampler", "laplace", "--quiet")
    assert "All 8 cells were measured before" in told
    assert contents(measured) == before
