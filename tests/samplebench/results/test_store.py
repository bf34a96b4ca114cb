"""The store: whole files or none, whatever the disk does."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from samplebench.errors import StorageError
from samplebench.results.record import Record, Score
from samplebench.results.store import Store, write_whole

MakeScore = Callable[..., Score]
MakeRecord = Callable[..., Record]


def no_space(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_is_written_is_read(
    tmp_path: Path, make_record: MakeRecord, make_score: MakeScore
) -> None:
    store = Store(tmp_path)
    records = [make_record("gmm", seed, [make_score("FD", 1.5)]) for seed in range(3)]
    for record in records:
        assert store.write(record) == store.record_path(record)
    assert store.suites() == ["toy"]
    assert store.read("toy") == (records, [])


def test_an_empty_folder_has_no_suites(tmp_path: Path) -> None:
    store = Store(tmp_path / "absent")
    assert store.suites() == []
    assert store.read("toy") == ([], [])


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[: len(data) // 2],
        lambda data: b"",
        lambda data: data.replace(b"1.5", b"NaN"),
        lambda data: data[: data.index("ß".encode()) + 1],  # half a character
        lambda data: b"[]",
    ],
)
def test_a_damaged_file_is_named_and_the_others_are_read(
    tmp_path: Path,
    make_record: MakeRecord,
    make_score: MakeScore,
    damage: Callable[[bytes], bytes],
) -> None:
    store = Store(tmp_path)
    good, bad = (make_record("gmm", seed, [make_score("ß", 1.5)]) for seed in (0, 1))
    store.write(good)
    path = store.write(bad)
    path.write_bytes(damage(path.read_bytes()))
    records, damaged = store.read("toy")
    assert records == [good]
    assert [each.path for each in damaged] == [path]
    assert damaged[0].reason


@pytest.mark.parametrize("content", [b'{"format"', "ß".encode()[:1]])
def test_a_damaged_record_can_be_measured_again(
    tmp_path: Path, make_record: MakeRecord, content: bytes
) -> None:
    store = Store(tmp_path)
    record = make_record("gmm", 0, [])
    store.write(record).write_bytes(content)
    store.write(record)
    assert store.read("toy") == ([record], [])


def test_a_damaged_file_is_kept_when_it_is_moved_away(
    tmp_path: Path, make_record: MakeRecord
) -> None:
    store = Store(tmp_path)
    store.write(make_record("gmm", 0, [])).write_text("{")
    (damaged,) = store.read("toy")[1]
    kept = store.quarantine(damaged)
    assert kept.read_text() == "{"
    assert store.read("toy") == ([], [])


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "board.md"
    write_whole(path, "old")
    monkeypatch.setattr(os, step, no_space)
    with pytest.raises(StorageError, match=r"board\.md could not be written \(No space left"):
        write_whole(path, "new")
    assert path.read_text() == "old"
    assert files(tmp_path) == ["board.md"]


def test_a_killed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    path = tmp_path / "board.md"
    write_whole(path, "old")
    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_whole(path, "new")
    assert path.read_text() == "old"
    assert files(tmp_path) == ["board.md"]


def test_a_folder_that_is_a_file_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "records").write_text("in the way")
    with pytest.raises(StorageError, match="--results"):
        write_whole(tmp_path / "records" / "toy" / "one.json", "new")


def test_a_written_file_can_be_read_by_others(tmp_path: Path) -> None:
    write_whole(tmp_path / "board.md", b"\xf0\x9f")
    assert (tmp_path / "board.md").read_bytes() == b"\xf0\x9f"
    assert (tmp_path / "board.md").stat().st_mode & 0o777 == 0o644


def test_a_measured_record_that_is_replaced_is_kept(
    tmp_path: Path, make_record: MakeRecord, make_score: MakeScore
) -> None:
    store = Store(tmp_path)
    first, second = (make_record("gmm", 0, [make_score("FD", value)]) for value in (1.0, 2.0))
    store.write(first)
    store.write(second)
    assert store.read("toy")[0] == [second]
    (kept,) = (tmp_path / "superseded" / "toy").iterdir()
    assert Record.from_json(kept.read_text()) == first


def test_a_failed_record_that_is_replaced_is_not_kept(
    tmp_path: Path, make_record: MakeRecord
) -> None:
    store = Store(tmp_path)
    store.write(make_record("gmm", 0, [], status="failed", reason="killed"))
    store.write(make_record("gmm", 0, []))
    assert not (tmp_path / "superseded").exists()


def test_a_full_disk_loses_no_record(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    make_record: MakeRecord,
    make_score: MakeScore,
) -> None:
    store = Store(tmp_path)
    first, second = (make_record("gmm", 0, [make_score("FD", value)]) for value in (1.0, 2.0))
    store.write(first)
    monkeypatch.setattr(os, "replace", no_space)
    with pytest.raises(StorageError):
        store.write(second)
    assert store.read("toy") == ([first], [])


def test_records_that_are_set_aside_take_no_place_of_one_another(
    tmp_path: Path, make_record: MakeRecord, make_score: MakeScore
) -> None:
    store = Store(tmp_path)
    records = [make_record("gmm", 0, [make_score("FD", value)]) for value in (1.0, 2.0, 3.0)]
    assert len({record.provenance.finished for record in records}) == 1
    for record in (*records, *records):
        store.set_aside(record)
    kept = [Record.from_json(path.read_text()) for path in tmp_path.rglob("*.json")]
    assert len(kept) == 3
    assert all(record in kept for record in records)


def test_a_record_in_a_folder_like_its_own_further_down_is_not_read(
    tmp_path: Path, make_record: MakeRecord, make_score: MakeScore
) -> None:
    record = make_record("gmm", 0, [make_score("FD", 1.0)])
    store = Store(tmp_path)
    path = store.write(record)
    for above in ("x", "records"):
        copy = store.records_folder("toy") / above / path.relative_to(tmp_path / "records")
        copy.parent.mkdir(parents=True)
        copy.write_bytes(path.read_bytes())
    records, damaged = store.read("toy")
    assert records == [record]
    assert len(damaged) == 2
    assert all("it was moved" in file.reason for file in damaged)
