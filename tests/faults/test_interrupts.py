"""A run that is stopped or killed leaves no process, loses nothing, and goes on later."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from samplebench.results.store import Store

HELPERS = Path(__file__).parents[1] / "helpers"
KILLS = 50


@pytest.fixture(autouse=True)
def in_time():
    """These tests state their own times."""


def start(folder, *options, **streams):
    """Start a run of the toy suite, with a session of its own as a terminal gives one."""
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(HELPERS), *sys.path]),
        "XDG_CACHE_HOME": str(folder / "cache"),
    }
    plugins = (f"--plugin={HELPERS / name}.py" for name in ("toy_parts", "faulty_parts"))
    command = [sys.executable, "-m", "samplebench", "run", "--suite", str(HELPERS / "toy.toml")]
    return subprocess.Popen(
        [*command, *plugins, *options],
        cwd=folder,
        env=environment,
        start_new_session=True,
        text=True,
        **streams,
    )


def records_of(folder):
    store = Store(folder / "leaderboards")
    return store.read("toy")[0] if "toy" in store.suites() else []


def scores_of(records):
    return {
        record.label: {s.title: s.value for s in record.scores if s.subject != "cost"}
        for record in records
    }


def processes_of(folder):
    """The processes that work in a folder, of whatever group or session."""
    return [
        process.pid
        for process in psutil.process_iter(["cwd", "status"])
        if process.info["cwd"] == str(folder) and process.info["status"] != psutil.STATUS_ZOMBIE
    ]


def allow(seconds):
    """As long as these seconds are on an idle machine."""
    return seconds * max(1.0, 2 * os.getloadavg()[0] / os.cpu_count())


def wait_until(condition, seconds=60):
    deadline = time.monotonic() + allow(seconds)
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def has_begun_to_hang(folder):
    logs = folder / "cache/samplebench/logs"
    return any("hangs" in log.name for log in logs.glob("*")) and len(processes_of(folder)) > 2


@pytest.mark.parametrize(
    ("number", "times", "code"),
    [
        (signal.SIGINT, 1, 130),
        (signal.SIGINT, 2, 130),
        (signal.SIGTERM, 1, 143),
        (signal.SIGHUP, 1, 129),
    ],
)
def test_a_run_that_is_asked_to_stop_does_so_within_5_s(tmp_path, number, times, code):
    options = ("--sampler=normal", "--sampler=hangs-with-grandchildren", "--seeds", "0")
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    run = start(tmp_path, *options, **streams)
    wait_until(lambda: has_begun_to_hang(tmp_path) and len(records_of(tmp_path)) == 2)
    asked = time.monotonic()
    for _ in range(times):
        os.killpg(run.pid, number)
        time.sleep(0.1)
    _, said = run.communicate(timeout=allow(30))
    assert time.monotonic() - asked < allow(5)
    assert run.returncode == code
    assert "interrupted" in said
    assert "Traceback" not in said
    wait_until(lambda: not processes_of(tmp_path), seconds=2)
    assert times > 1 or (tmp_path / "leaderboards/toy.md").exists()


def test_a_run_whose_reader_goes_away_finishes_its_work(tmp_path):
    run = start(tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    run.stdout.close()
    assert run.wait(timeout=allow(60)) == 0
    assert {record.status for record in records_of(tmp_path)} == {"measured"}


def test_a_runner_that_is_killed_takes_its_children_with_it(tmp_path):
    run = start(tmp_path, "--sampler=hangs-with-grandchildren", stderr=subprocess.DEVNULL)
    wait_until(lambda: has_begun_to_hang(tmp_path))
    run.kill()
    run.wait()
    wait_until(lambda: not processes_of(tmp_path), seconds=5)
    assert processes_of(tmp_path) == []


def begin_again(folder):
    """Put the records and the workspace of a run that was completed out of the way."""
    number = len(list(folder.glob("leaderboards-*")))
    for name in ("leaderboards", "cache"):
        (folder / name).rename(folder / f"{name}-{number}")


def test_a_run_that_is_killed_again_and_again_ends_like_one_that_was_not(tmp_path):
    """SIGKILL of the runner at random moments; every cell is then measured once."""
    folders = [tmp_path / name for name in ("undisturbed", "killed")]
    for folder in folders:
        folder.mkdir()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    begun = time.monotonic()
    assert start(folders[0], **quiet).wait() == 0
    seconds = time.monotonic() - begun
    whole = scores_of(records_of(folders[0]))
    moments = random.Random(0)
    kills, seen = 0, {}
    while kills < KILLS:
        run = start(folders[1], "--quiet", **quiet)
        try:
            run.wait(timeout=moments.uniform(0, seconds))
            begin_again(folders[1])
            seen.clear()
        except subprocess.TimeoutExpired:
            run.kill()
            run.wait()
            kills += 1
        for record in records_of(folders[1]):
            measured = seen.setdefault(record.identity, record.provenance.finished)
            assert measured == record.provenance.finished
    assert start(folders[1], **quiet).wait() == 0
    assert scores_of(records_of(folders[1])) == whole
    wait_until(lambda: not processes_of(folders[1]), seconds=5)
