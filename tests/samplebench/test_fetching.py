"""The command that brings files here, with parts that stand for bundled ones."""

from pathlib import Path

import pytest

from samplebench.cli import main

PARTS = '''
from pathlib import Path

from samplebench import DataMissing, Dataset, FeatureExtractor, Split, hookimpl


class Kept(Dataset):
    """One file in the data folder."""

    shape = (1, 2, 2)

    def __init__(self, data_dir: Path, name: str = "kept.bin") -> None:
        self.file = data_dir / name

    def fetch(self):
        self.file.parent.mkdir(parents=True, exist_ok=True)
        if not self.file.exists():
            self.file.write_text("fetched")
        return (self.file,)

    def train(self): ...
    def test(self): ...


class Unreachable(Kept):
    def fetch(self):
        raise DataMissing("get it from https://example.invalid and put it there")


class Wrong(Kept):
    def fetch(self):
        return (self.file.with_name("nowhere"),)


class Broken(Kept):
    def fetch(self):
        raise RuntimeError("a bug")


class Plain(FeatureExtractor):
    """Features of no file."""

    def __init__(self, shape):
        super().__init__()

    def fit(self, train): ...
    def features(self, samples): ...


@hookimpl
def register_datasets(register):
    register("kept", Kept)
    register("unreachable", Unreachable)
    register("wrong", Wrong)
    register("broken", Broken)


@hookimpl
def register_features(register):
    register("plain", Plain)
'''


@pytest.fixture
def fetch(tmp_path, monkeypatch, capsys):
    """``fetch("kept")``: the exit code, and what was printed on both streams."""
    monkeypatch.setattr("samplebench.registry.loading.entry_points", lambda group: [])
    (tmp_path / "parts.py").write_text(PARTS)

    def fetch(*names: str) -> tuple[int, str, str]:
        options = ("--plugin", str(tmp_path / "parts.py"), "--data-dir", str(tmp_path / "data"))
        code = main(["fetch", *names, *options])
        return code, *capsys.readouterr()

    return fetch


def test_files_are_fetched_once_and_their_places_printed(fetch, tmp_path):
    file = tmp_path / "data" / "kept.bin"
    assert fetch("kept") == (0, f"kept: {file}\n", "")
    written = file.stat().st_mtime_ns
    assert fetch("kept") == (0, f"kept: {file}\n", "")
    assert file.stat().st_mtime_ns == written


def test_settings_reach_the_part_and_grids_are_fetched_one_by_one(fetch, tmp_path):
    code, told, _ = fetch("kept(name=['a', 'b'])")
    assert code == 0
    assert [Path(line.split(": ")[1]).name for line in told.splitlines()] == ["a", "b"]
    assert (tmp_path / "data" / "b").is_file()


def test_a_part_that_downloads_nothing_says_so(fetch):
    assert fetch("plain") == (0, "plain: nothing to fetch, it downloads no files\n", "")


@pytest.mark.parametrize(
    ("name", "code", "complaint"),
    [
        ("unreachable", 2, "get it from https://example.invalid and put it there"),
        ("wrong", 1, "must give a tuple of paths that exist, and that of 'wrong' gave"),
        ("broken", 1, "'broken' cannot be fetched: RuntimeError: a bug"),
        ("kepd", 2, "No dataset and no features are called 'kepd'. Did you mean 'kept'?"),
        ("kept(size=3)", 2, "has no setting 'size'"),
    ],
)
def test_an_error_is_one_message(fetch, name, code, complaint):
    ended, told, message = fetch(name)
    assert (ended, told) == (code, "")
    assert message.startswith("samplebench: ")
    assert complaint in message


def test_nothing_is_fetched_where_a_name_is_unknown(fetch, tmp_path):
    assert fetch("kept", "nothing-like-it")[0] == 2
    assert not (tmp_path / "data").exists()
