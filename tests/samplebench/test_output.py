"""What a command prints reaches any terminal, file or pipe, and its work is done in any case."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from quick_process import PROGRAM, run_python

from samplebench.cli import main
from samplebench.output import open_output

HELPERS = Path(__file__).parents[1] / "helpers"
COMMAND = [sys.executable, "-m", "samplebench.cli"]
GRID = ["--suite", str(HELPERS / "toy.toml"), "--plugin", str(HELPERS / "toy_parts.py")]
ROWS = ["compare", "normal", "again", "--suite", "toy"]


@pytest.fixture(autouse=True)
def without_bundled_plugins(monkeypatch):
    monkeypatch.setattr("samplebench.registry.loading.entry_points", lambda group: [])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the records of all toy cells."""
    folder = tmp_path_factory.mktemp("measured")
    environment = os.environ | {"XDG_CACHE_HOME": str(folder / "cache")}
    words = ("run", *GRID, "--quiet", "--executor", "inline")
    run_python(PROGRAM, *words, cwd=folder, env=environment).check_returncode()
    return folder


@pytest.fixture
def there(folder, monkeypatch):
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))


def streams(monkeypatch, encoding):
    """Standard output and error in an encoding, as bytes."""
    bodies = io.BytesIO(), io.BytesIO()
    for name, body in zip(("stdout", "stderr"), bodies, strict=True):
        monkeypatch.setattr(sys, name, io.TextIOWrapper(body, encoding=encoding))
    return bodies


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
@pytest.mark.parametrize(
    "command",
    [
        ROWS,
        [*ROWS, "--markdown"],
        ["leaderboard"],
        ["show", "*/seed?0"],
        ["list", "--plugin", str(HELPERS / "toy_parts.py")],
        ["plan", *GRID],
        ["run", *GRID],
    ],
    ids=" ".join,
)
def test_commands_print_in_any_encoding(there, monkeypatch, encoding, command):
    out, _ = streams(monkeypatch, encoding)
    assert main(command) == 0
    assert out.getvalue().decode(encoding).strip()


def test_signs_that_cannot_be_written_keep_their_meaning(monkeypatch):
    out, messages = streams(monkeypatch, "ascii")
    with open_output():
        print("−1.5 ± 0.2¹, 8×8, Fréchet, 字")
        print("\udcff", file=sys.stderr)
    assert out.getvalue() == b"-1.5 +/- 0.2[1], 8x8, Frechet, ?\n"
    assert messages.getvalue() == b"\\udcff\n"


def test_output_that_has_an_encoding_for_all_is_not_changed(there, monkeypatch):
    texts = []
    for encoding in ("utf-8", "utf-16"):
        out, _ = streams(monkeypatch, encoding)
        main(ROWS)
        texts.append(out.getvalue().decode(encoding))
    assert texts[0] == texts[1]
    assert "−" in texts[0]


def test_a_full_disk_is_reported_after_the_work_is_done(folder, tmp_path):
    for arguments in (["leaderboard"], ["--help"], ["show", "*/seed?0", "--json"]):
        with open("/dev/full", "w") as full:
            done = subprocess.run(
                [*COMMAND, *arguments], cwd=folder, stdout=full, stderr=subprocess.PIPE, text=True
            )
        assert done.returncode == 5, done.stderr
        (line,) = done.stderr.splitlines()
        assert line.startswith("samplebench: its output could not be written: ")
        assert "No space left on device" in line


def test_a_closed_output_is_refused_in_one_sentence(folder):
    command = ["sh", "-c", 'exec "$@" >&-', "sh", *COMMAND, "leaderboard"]
    done = subprocess.run(command, cwd=folder, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 5
    (line,) = done.stderr.splitlines()
    assert line.startswith("samplebench: standard output is closed")


def test_closed_messages_do_not_end_up_in_the_output(folder):
    command = ["sh", "-c", 'exec "$@" 2>&-', "sh", *COMMAND, "show", "nothing-such"]
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, text=True)
    assert (done.returncode, done.stdout) == (2, "")


def test_a_reader_who_leaves_after_a_line_stops_no_run(tmp_path):
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    with subprocess.Popen(
        [*COMMAND, "run", *GRID, "--seeds", "0"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline()
        running.stdout.close()
    assert running.returncode == 0
    records = tmp_path / "leaderboards" / "records" / "toy" / "linear"
    assert len(list(records.glob("*.json"))) == 3
