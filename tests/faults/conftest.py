"""Faults that are really there: files are damaged, disks filled and limits taken away.

Each parametrised test is a fault that was tried; one that passes is a fault that was survived. The
counts stand at the end of the report.
"""

import gc
import io
import os
import shutil
import signal
import sys
from pathlib import Path

import pytest

from samplebench.cli import main
from samplebench.results.store import Store

HERE = Path(__file__).parent
HELPERS = HERE.parent / "helpers"
SECONDS = 60
"""No command may wait longer for anything on an idle machine: it hangs."""


@pytest.hookimpl(tryfirst=True)  # before tests are chosen by their marks
def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.faults)


def pytest_terminal_summary(terminalreporter):
    reports = {
        outcome: [
            report
            for report in terminalreporter.stats.get(outcome, [])
            if "faults" in getattr(report, "keywords", {})
        ]
        for outcome in ("passed", "failed", "error", "skipped")
    }
    survived = sum(report.when == "call" for report in reports["passed"])
    tried = survived + len(reports["failed"]) + len(reports["error"])
    if not tried:
        return
    terminalreporter.section("faults")
    skipped = {report.longrepr[2].removeprefix("Skipped: ") for report in reports["skipped"]}
    line = f"{tried} faults tried, {survived} survived"
    terminalreporter.line(f"{line}; not tried here: {'; '.join(skipped)}" if skipped else line)


@pytest.fixture(autouse=True)
def in_time():
    """A fault that makes a command hang fails, and the others are tried."""

    def end(*_):
        pytest.fail(f"nothing happened in {SECONDS} s")

    busy = max(1.0, 2 * os.getloadavg()[0] / os.cpu_count())
    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(round(SECONDS * busy))
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


class Place:
    """A folder with results and a workspace, and the commands on them."""

    def __init__(self, folder):
        self.folder, self.here, self.helpers = folder, HERE, HELPERS
        self.results, self.workspace = folder / "results", folder / "workspace"
        self.data = folder / "data"
        self.out = self.err = ""

    def command(self, *words):
        """Carry out a command in this process; its exit code. An exception is a traceback."""
        before = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = (
            io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in before
        )
        try:
            return main([str(word) for word in words])
        except SystemExit as end:  # of argparse
            return end.code
        finally:
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
            self.out, self.err = (
                stream.buffer.getvalue().decode() for stream in (sys.stdout, sys.stderr)
            )
            sys.stdout, sys.stderr = before

    def run(self, *words, suite=HELPERS / "toy.toml", plugin=HELPERS / "toy_parts.py"):
        """Measure what is missing of the toys, or of another suite."""
        # Cells collect garbage before they measure memory; what the tests imported is none.
        gc.freeze()
        options = ("--suite", suite, "--plugin", plugin, "--executor", "inline", "--quiet")
        return self.command("run", *options, *self._places, *words)

    def read(self, command, *words):
        """Carry out a command that reads results; its exit code."""
        return self.command(command, *words, "--results", self.results)

    @property
    def _places(self):
        return (
            *("--results", self.results, "--workspace", self.workspace),
            *("--data-dir", self.data),
        )

    def scores(self, suite="toy"):
        """The scores of each cell that do not depend on the time they take."""
        records, damaged = Store(self.results).read(suite)
        assert not damaged
        return {
            record.label: {
                s.title: s.values or s.value for s in record.scores if s.subject != "cost"
            }
            for record in records
        }

    def record(self, row="normal", seed=0):
        """The file of a record."""
        [path] = (self.results / "records" / "toy").rglob(f"*_{row}_{seed}_*.json")
        return path


@pytest.fixture
def typed(monkeypatch, tmp_path):
    """Let commands find no installed plugins, which cost time, and keep nothing of the user's."""
    monkeypatch.setattr("samplebench.registry.loading.entry_points", lambda group: [])
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def place(tmp_path, typed):
    """A folder in which nothing was measured."""
    return Place(tmp_path)


@pytest.fixture(scope="module")
def faults_place(tmp_path_factory):
    """A folder for a run that the tests of a module look at."""
    folder = tmp_path_factory.mktemp("place")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("samplebench.registry.loading.entry_points", lambda group: [])
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        patch.syspath_prepend(str(HERE))
        yield Place(folder)


@pytest.fixture(scope="session")
def _measured(tmp_path_factory):
    """The toy suite, measured once for all; and its scores."""
    folder = tmp_path_factory.mktemp("measured")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("samplebench.registry.loading.entry_points", lambda group: [])
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        place = Place(folder)
        # This imports what a run needs, and is no garbage to collect in each cell.
        toys = ("--suite", HELPERS / "toy.toml", "--plugin", HELPERS / "toy_parts.py")
        assert place.command("plan", *toys) == 0
        assert place.run() == 0, place.err
    return place


@pytest.fixture
def measured(_measured, place):
    """A copy of results and workspace in which the toy suite was measured.

    ``place.truth`` has its scores.
    """
    for name in ("results", "workspace"):
        shutil.copytree(_measured.folder / name, place.folder / name)
    place.truth = _measured.scores()
    return place
