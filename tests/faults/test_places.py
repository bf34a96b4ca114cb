"""Disks that are full, folders that cannot be written, and machines that lack something."""

import os
import resource
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from samplebench.results.store import Store

ROOT = Path(__file__).parents[2]


@contextmanager
def mounted(folder, options):
    """A file system of its own in a folder; skips where that is not allowed."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if not shutil.which("mount") or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("mounting a small disk takes root")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def remount(folder, options):
    command = ["mount", "-o", f"remount,{options}", str(folder)]
    subprocess.run(command, check=True, capture_output=True)


@pytest.mark.parametrize("kilobytes", [4, 12, 24, 32, 40])
def test_results_on_a_full_disk_end_with_exit_5_and_complete_later(measured, kilobytes):
    shutil.rmtree(measured.results)
    with mounted(measured.results, f"size={kilobytes}k"):
        assert measured.run("--seeds", "0") == 5
        assert len(measured.err.splitlines()) == 1
        assert "make room" in measured.err
        assert_all_files_are_whole(measured)
        remount(measured.results, "size=50m")
        assert measured.run("--seeds", "0") == 0
        assert_all_files_are_whole(measured)
        truth = {label: s for label, s in measured.truth.items() if "seed 0" in label}
        assert measured.scores() == truth


@pytest.mark.parametrize("kilobytes", [4, 16, 32, 48])
def test_a_workspace_on_a_full_disk_ends_with_exit_5_and_completes_later(measured, kilobytes):
    shutil.rmtree(measured.results)
    shutil.rmtree(measured.workspace)
    with mounted(measured.workspace, f"size={kilobytes}k"):
        assert measured.run("--seeds", "0") == 5
        assert len(measured.err.splitlines()) == 1
        assert "--workspace" in measured.err
        remount(measured.workspace, "size=50m")
        assert measured.run("--seeds", "0") == 0
        truth = {label: s for label, s in measured.truth.items() if "seed 0" in label}
        assert measured.scores() == truth


def test_results_that_can_only_be_read_end_a_run_with_exit_5(measured):
    kept = measured.folder / "kept"
    measured.results.rename(kept)
    with mounted(measured.results, "size=50m"):
        shutil.copytree(kept, measured.results, dirs_exist_ok=True)
        remount(measured.results, "ro")
        assert measured.run("--seeds", "2") == 5
        assert "could not be written (Read-only file system)" in measured.err
        assert len(measured.err.splitlines()) == 1
        assert measured.read("leaderboard", "--check") == 0
        assert measured.read("show", "*/normal/seed 0") == 0
        assert measured.scores() == measured.truth


@pytest.mark.parametrize("most", [1, 3000, 6000])
def test_files_that_may_not_grow_end_a_run_with_exit_5(measured, most):
    """The limit of a quota, without being root: no file may have more bytes."""
    shutil.rmtree(measured.results)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        code = measured.run("--seeds", "0")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert code == 5
    assert "File too large" in measured.err
    assert_all_files_are_whole(measured)
    assert measured.run("--seeds", "0") == 0


def assert_all_files_are_whole(measured):
    assert Store(measured.results).read("toy")[1] == []
    assert not [path for path in measured.results.rglob(".*") if path.is_file()]


def process(folder, *words, before=(), environment=None, limit=None, executor="inline"):
    """A run of the toys in a process of its own, which finds no installed plugins."""
    command = [
        *(sys.executable, "-c"),
        "import sys, samplebench.registry.loading as l; l.entry_points = lambda group: []; "
        "from samplebench.cli import main; sys.exit(main(sys.argv[1:]))",
        *("run", "--suite", ROOT / "tests/helpers/toy.toml"),
        *("--plugin", ROOT / "tests/helpers/toy_parts.py"),
        *("--seeds", "0", "--only", "*/normal/*", "--quiet", "--executor", executor),
        *("--results", folder / "results", *words),
    ]
    return subprocess.run(
        [*before, *map(str, command)],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"} | (environment or {}),
        preexec_fn=limit,
        timeout=55,
    )


def assert_measured(done, folder):
    assert done.returncode == 0, done.stderr
    assert [r.status for r in Store(folder / "results").read("toy")[0]] == ["measured"]


def test_a_path_with_spaces_and_other_letters_works(tmp_path):
    folder = tmp_path / "Ergebnisse für 東京 \t'x' $HOME"
    folder.mkdir()
    cache = {"XDG_CACHE_HOME": str(folder / "cache é"), "LC_ALL": "C", "PYTHONUTF8": "0"}
    assert_measured(process(folder, environment=cache), folder)


def test_few_open_files_are_enough(tmp_path):
    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

    cache = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    done = process(tmp_path, environment=cache, limit=limit, executor="forked")
    assert_measured(done, tmp_path)


def test_no_shared_memory_is_needed(tmp_path):
    before = ("unshare", "--mount", "sh", "-c", 'umount -l /dev/shm; exec "$@"', "sh")
    tried = subprocess.run([*before, "test", "!", "-w", "/dev/shm/."], capture_output=True)
    if tried.returncode not in (0, 1) or b"denied" in tried.stderr or b"permitted" in tried.stderr:
        pytest.skip("taking /dev/shm away takes root")
    cache = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    done = process(tmp_path, before=before, environment=cache, executor="forked")
    assert_measured(done, tmp_path)


def test_a_home_that_cannot_be_written_gets_a_sentence(tmp_path):
    done = process(tmp_path, environment={"XDG_CACHE_HOME": "", "HOME": "/proc/nowhere"})
    assert done.returncode == 5, done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "--workspace" in done.stderr


def test_no_home_variable_is_needed_where_folders_are_given(tmp_path):
    given = ("--workspace", tmp_path / "workspace", "--data-dir", tmp_path / "data")
    done = process(tmp_path, *given, environment={"XDG_CACHE_HOME": "", "HOME": "/proc/nowhere"})
    assert_measured(done, tmp_path)
