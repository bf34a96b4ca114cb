"""All the boards of a results folder, made in memory."""

from collections.abc import Callable
from pathlib import Path

from samplebench.results.leaderboard import boards, render
from samplebench.results.record import Record, Score
from samplebench.results.store import Store

MakeScore = Callable[..., Score]
MakeRecord = Callable[..., Record]


def test_a_damaged_record_is_reported_and_the_rest_is_shown(
    tmp_path: Path, make_record: MakeRecord, make_score: MakeScore
) -> None:
    store = Store(tmp_path)
    records = [make_record("gmm", seed, [make_score("FD", 1.0)]) for seed in range(3)]
    paths = [store.write(record) for record in records]
    paths[1].write_text(paths[1].read_text()[:500])
    pages, damaged = boards(store)
    assert [each.path for each in damaged] == [paths[1]]
    assert pages == {tmp_path / "toy.md": render("toy", [records[0], records[2]])}


def test_a_suite_without_records_has_no_board(tmp_path: Path, make_record: MakeRecord) -> None:
    store = Store(tmp_path)
    store.write(make_record("gmm", 0, [])).write_text("{")
    pages, damaged = boards(store)
    assert pages == {}
    assert len(damaged) == 1


def test_boards_writes_nothing(tmp_path: Path, make_record: MakeRecord) -> None:
    store = Store(tmp_path)
    store.write(make_record("gmm", 0, []))
    before = sorted(tmp_path.rglob("*"))
    boards(store)
    assert sorted(tmp_path.rglob("*")) == before
