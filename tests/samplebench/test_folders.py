"""Folders of a user who may have no home."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from samplebench import cache_folder, data_folders, site_folder
from samplebench.cli import main
from samplebench.errors import UsageError

TOYS = str(Path(__file__).parents[1] / "helpers" / "toy_parts.py")
SUITE = str(Path(__file__).parents[1] / "helpers" / "toy.toml")


@pytest.fixture(autouse=True)
def homeless(monkeypatch, tmp_path):
    """A user without HOME and without an entry in the table of users."""

    def absent(user):
        raise KeyError(f"getpwuid(): uid not found: {user}")

    monkeypatch.setattr("pwd.getpwuid", absent)
    for name in ("HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("samplebench.registry.loading.entry_points", lambda group: [])
    monkeypatch.chdir(tmp_path)


def test_the_cache_is_where_the_user_says(monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert cache_folder() == Path("/somewhere/samplebench")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/home/me")
    assert cache_folder() == Path("/home/me/.cache/samplebench")


@pytest.mark.parametrize("named", [None, "", "/shared/samplebench"])
def test_the_sites_folder_comes_after_the_users(named, monkeypatch):
    monkeypatch.delenv("SAMPLEBENCH_SITE_DATA", raising=False)
    if named is not None:
        monkeypatch.setenv("SAMPLEBENCH_SITE_DATA", named)
    assert site_folder() == (Path(named) if named else None)
    shared = [Path(named)] if named else []
    assert data_folders(Path("/mine")) == (Path("/mine"), *shared)


def test_without_a_home_the_message_says_what_to_set():
    with pytest.raises(UsageError, match=r"XDG_CACHE_HOME .* --workspace and --data-dir"):
        cache_folder()


@pytest.mark.parametrize("command", ["list samplers", "list suites", "--version"])
def test_commands_that_need_no_cache_work_without_a_home(command, capsys):
    extra = ["--plugin", TOYS] if command.startswith("list") else []
    try:
        code = main([*command.split(), *extra])
    except SystemExit as ended:
        code = int(ended.code or 0)
    assert code == 0, capsys.readouterr().err


@pytest.mark.parametrize("command", ["run", "plan"])
def test_commands_that_need_a_cache_say_in_one_sentence_what_to_give(command, capsys, tmp_path):
    grid = ["--suite", SUITE, "--plugin", TOYS, "--device", "cpu"]
    assert main([command, *grid]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "set XDG_CACHE_HOME to a folder" in line
    assert "--workspace" in line
    folders = ["--workspace", str(tmp_path / "w"), "--data-dir", str(tmp_path / "d")]
    assert main(["plan", *grid, *folders]) == 0


def test_a_path_in_a_home_that_is_not_there_is_a_path_that_is_not_there(tmp_path):
    pytest.importorskip("samplebench_datasets")
    from samplebench import DataMissing
    from samplebench_datasets.image_folder import ImageFolder

    with pytest.raises(DataMissing, match="There is no folder"):
        ImageFolder(tmp_path, path="~/pictures").train()


def test_the_bundled_parts_import_without_a_home():
    """In a process of its own: a library that asks for a home does so once, on import."""
    pytest.importorskip("samplebench_datasets")
    program = (
        "import pwd\n"
        "def absent(user): raise KeyError(user)\n"
        "pwd.getpwuid = absent\n"
        "from samplebench.cli import main\n"
        "raise SystemExit(main(['list', 'samplers']))"
    )
    kept = {k: v for k, v in os.environ.items() if k not in ("HOME", "XDG_CACHE_HOME")}
    kept = {k: v for k, v in kept.items() if k not in ("USER", "LOGNAME", "LNAME", "USERNAME")}
    done = subprocess.run(
        [sys.executable, "-c", program], env=kept, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
