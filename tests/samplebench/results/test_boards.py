"""Boards on disk: written from records, checked against them, and shown."""

import io
from pathlib import Path

import pytest
from PIL import Image
from rich.console import Console

from samplebench.boards import (
    check_boards,
    read_rankings,
    report_unreadable,
    show_board,
    write_boards,
)
from samplebench.cli import main
from samplebench.errors import UsageError
from samplebench.results.record import Verification
from samplebench.results.store import Store


@pytest.fixture
def store(tmp_path, seeds_of):
    """A board with an appendix, a montage, and commentary."""
    store = Store(tmp_path)
    for record in (
        *seeds_of("gmm", [1.0, 2.0], picture="gmm.png"),
        *seeds_of("gmm(k=9)", [1.0, 2.0], appendix=True),
    ):
        store.write(record)
    store.samples_folder("toy").mkdir(parents=True)
    Image.new("L", (16 * 8, 2 * 8)).save(store.samples_folder("toy") / "gmm.png")
    store.commentary_path("toy").parent.mkdir()
    store.commentary_path("toy").write_text("The mixture mixes.\n")
    return store


def files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_board_that_was_written_agrees_with_its_records(store, capsys):
    assert check_boards(store.folder, []) == 1
    assert write_boards(store.folder, []) == [store.board_path("toy")]
    assert check_boards(store.folder, []) == 0
    assert "1 of 1 boards agree" in capsys.readouterr().out
    assert "The mixture mixes." in store.board_path("toy").read_text()
    assert store.appendix_path("toy").is_file()
    assert len(list(store.samples_folder("toy").glob("*.montage.png"))) == 1


def test_writing_again_changes_no_byte_and_checking_none(store):
    write_boards(store.folder, [])
    before = files(store.folder)
    write_boards(store.folder, [])
    check_boards(store.folder, [])
    assert files(store.folder) == before


@pytest.mark.parametrize(
    "pattern", ["toy.md", "toy.appendix.md", "samples/toy/*.montage.png", "plots/toy/*.svg"]
)
@pytest.mark.parametrize("change", [Path.unlink, lambda path: path.write_text("else")])
def test_a_file_that_differs_is_named_and_mended(store, capsys, pattern, change):
    write_boards(store.folder, [])
    (path,) = store.folder.glob(pattern)
    change(path)
    assert check_boards(store.folder, []) == 1
    assert f"{path} is not what its records say" in capsys.readouterr().err
    write_boards(store.folder, [])
    assert check_boards(store.folder, []) == 0


def test_files_that_no_record_asks_for_any_more_are_named_and_removed(store, capsys):
    write_boards(store.folder, [])
    for record in store.read("toy")[0]:
        if record.appendix:
            store.record_path(record).unlink()
    (store.samples_folder("toy") / "gmm.png").unlink()
    (store.plots_folder("toy") / "cost.svg").write_text("of costs that no record has any more")
    assert check_boards(store.folder, []) == 1
    report = capsys.readouterr().err
    assert "toy.appendix.md" in report
    assert ".montage.png" in report
    assert "cost.svg" in report
    write_boards(store.folder, [])
    assert check_boards(store.folder, []) == 0
    assert list(store.samples_folder("toy").iterdir()) == []
    assert not store.appendix_path("toy").exists()
    assert [path.name for path in store.plots_folder("toy").iterdir()] == ["scores.svg"]
    assert store.board_path("toy").is_file()


def test_a_damaged_record_is_reported_and_the_rest_is_shown(store, capsys):
    damaged = store.record_path(store.read("toy")[0][0])
    damaged.write_text(damaged.read_text()[:500])
    assert report_unreadable(store.folder, [])
    write_boards(store.folder, [])
    assert f"{damaged} is left out" in capsys.readouterr().err
    assert "`gmm`" in store.board_path("toy").read_text()


def test_a_suite_without_a_readable_record_has_no_board(tmp_path, make_record):
    store = Store(tmp_path)
    store.write(make_record("gmm", 0, [])).write_text("{")
    assert write_boards(tmp_path, []) == []
    assert not store.board_path("toy").exists()


def test_a_suite_without_records_is_a_usage_error(store):
    for ask in (write_boards, check_boards):
        with pytest.raises(UsageError, match=r"no records of 'mnist'.*there are: toy"):
            ask(store.folder, ["mnist"])
    with pytest.raises(UsageError, match="no records of 'mnist'"):
        read_rankings(store.folder, "mnist")


def test_a_board_is_shown_on_a_terminal_as_wide_as_it_is(store):
    page = io.StringIO()
    show_board(store.folder, "toy", Console(file=page, width=100))
    lines = page.getvalue().splitlines()
    assert max(map(len, lines)) <= 100
    assert any("gmm" in line and "1.50 ± 6.35" in line for line in lines)
    assert any(str(store.board_path("toy"))[-20:] in line for line in lines)


def test_states_are_shown_and_checked(store):
    record = store.read("toy")[0][0]
    write_boards(store.folder, [])
    store.update(record.model_copy(update={"verification": Verification(state="unverified")}))
    assert check_boards(store.folder, []) == 1
    write_boards(store.folder, [])
    assert " ° |" in store.board_path("toy").read_text()
    assert check_boards(store.folder, []) == 0


@pytest.mark.parametrize("how", [(), ("--check",), ("--format", "csv")])
def test_the_command_reads_each_record_once(store, monkeypatch, how):
    write_boards(store.folder, [])
    read, times = Store.read, []
    monkeypatch.setattr(
        Store, "read", lambda self, suite: (times.append(suite), read(self, suite))[1]
    )
    assert main(["leaderboard", "--results", str(store.folder), *how]) == 0
    assert times == ["toy"]
