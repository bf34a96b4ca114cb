"""A part that fails in any way fails its own cell, with the reason, and changes no other."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from samplebench.results.store import Store

HELPERS = Path(__file__).parents[1] / "helpers"
HONEST = ("normal", "again")

FAULTS = {
    "raises": ("error", "RuntimeError: no fit today (faulty_parts.py, line "),
    "raises-a-book": ("error", "50,000,0"),
    "raises-the-unspeakable": ("error", "its text cannot be had"),
    "raises-no-text": ("error", "RuntimeError: lone "),
    "interrupts-itself": ("killed", "KeyboardInterrupt"),
    "exits": ("error", "sys.exit(None)"),
    "exits-at-once": ("killed", "exit code 0 and gave no result"),
    "segfaults": ("killed", "killed by SIGSEGV"),
    "segfaults-after-a-daemon": ("killed", "killed by SIGSEGV"),
    "recurs": ("error", "RecursionError"),
    "hangs": ("timeout", "it took more than 6 s, the time that --timeout allows"),
    "hangs-with-grandchildren": ("timeout", "it took more than 6 s"),
    "allocates": ("out-of-memory", "it took more than 800 MiB, the memory that --memory allows"),
    "allocates-in-a-grandchild": ("out-of-memory", "it took more than 800 MiB"),
    "allocates-at-once": ("out-of-memory", "out of host memory"),
    "not-finite": ("error", "NaN or infinite"),
    "wrong-shape": ("error", "must give 40 latents"),
    "wrong-type": ("error", "ndarray"),
    "wrong-device": ("error", "meta"),
    "changes-the-world": ("error", "Double and Float"),
}
"""The kind of each failure, and words of its reason."""

HARMLESS = (
    "starts-a-daemon",
    "leaves-a-thread",
    "prints-without-end",
    "removes-the-workspace",
)
"""Faults that cost no score, not even those of the cell."""


def run(folder, samplers, *options):
    """A run of the toy suite with some samplers in a process of its own."""
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(HELPERS), *sys.path]),
        "XDG_CACHE_HOME": str(folder / "cache"),
    }
    plugins = (f"--plugin={HELPERS / name}.py" for name in ("toy_parts", "faulty_parts"))
    chosen = (f"--sampler={name}" for name in samplers)
    command = [sys.executable, "-m", "samplebench", "run", "--suite", str(HELPERS / "toy.toml")]
    return subprocess.run(
        [*command, "--seeds", "0", *plugins, *chosen, *options],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    """The records of one run with all faults, by row, and its messages."""
    folder = tmp_path_factory.mktemp("faulty")
    samplers = [HONEST[0], *FAULTS, *HARMLESS, HONEST[1]]
    ended = run(folder, samplers, "--timeout", "6s", "--memory", "800M", "--jobs", "2")
    records = {record.row: record for record in Store(folder / "leaderboards").read("toy")[0]}
    return folder, ended, records


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    assert run(folder, HONEST).returncode == 0
    return {record.row: record for record in Store(folder / "leaderboards").read("toy")[0]}


def scores_of(record):
    return {score.title: score.value for score in record.scores if score.subject != "cost"}


def test_the_run_ends_with_1_and_one_message_a_reason(cells):
    _, ended, _ = cells
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert ended.stderr.count("has no full record") >= 10


@pytest.mark.parametrize("sampler", FAULTS)
def test_its_cell_fails_with_the_kind_and_the_reason(cells, sampler):
    kind, words = FAULTS[sampler]
    record = cells[2][sampler]
    assert (record.status, record.failure) == ("failed", kind)
    assert words in record.reason
    assert len(record.reason) < 5000


@pytest.mark.parametrize("sampler", HARMLESS)
def test_what_costs_no_score_leaves_a_record_like_any_other(cells, sampler):
    records = cells[2]
    assert records[sampler].status == "measured"
    titles = set(scores_of(records["normal"]))
    assert set(scores_of(records[sampler])) == titles


@pytest.mark.parametrize("row", [*HONEST, "reconstruction"])
def test_neighbours_have_the_scores_of_a_run_without_faults(cells, undisturbed, row):
    assert scores_of(cells[2][row]) == scores_of(undisturbed[row])


def test_nothing_that_a_part_started_runs_on(cells):
    commands = [
        " ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])
    ]
    assert not [command for command in commands if "samplebench-test-daemon" in command]


def test_logs_are_bounded(cells):
    folder, *_ = cells
    logs = list((folder / "cache/samplebench/logs").iterdir())
    assert logs
    assert max(log.stat().st_size for log in logs) < 2**20


def test_cells_at_a_limit_are_tried_again_when_that_is_asked_for(cells):
    folder, *_ = cells
    ended = run(folder, ["hangs", "allocates"])
    assert ended.returncode == 1
    assert "2 reached a limit before and were not tried again" in ended.stdout
    ended = run(folder, ["hangs", "allocates"], "--retry", "timeout", "--timeout", "1s")
    assert "1 failed" in ended.stdout
    assert "it took more than 1 s" in ended.stderr


@pytest.mark.parametrize("option", [["--fail-fast"], ["--max-failures", "1"]])
def test_a_run_stops_when_enough_have_failed(tmp_path, option):
    ended = run(tmp_path, ["raises", "exits", "normal"], *option)
    assert ended.returncode == 1
    assert "Stopped at 1 failed; 2 of the cells are still to do." in ended.stdout
    assert run(tmp_path, ["normal"]).returncode == 0
