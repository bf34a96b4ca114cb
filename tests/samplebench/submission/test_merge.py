"""Merging: nothing measured is lost, whichever folders come in which order, and when it is cut."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samplebench.cli import main
from samplebench.errors import UsageError
from samplebench.results.record import Record
from samplebench.results.store import Store
from samplebench.submission.export import export
from samplebench.submission.merge import merge
from samplebench.submission.preference import choose
from samplebench.submission.suite_union import join_suites
from samplebench.submission.validate import validate

Edit = Callable[[Path, Callable[[dict[str, Any]], None]], Record]
Find = Callable[[Path, str], Path]

ROW = "digits_ae_gaussian_0"
LATER = "2030-01-01T00:00:00+00:00"


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def split(whole: Path, folder: Path, parts: int, seed: int = 0) -> list[Path]:
    """Deal the records of results out to several folders, each with their pictures."""
    store, made = Store(whole), [folder / f"machine {number}" for number in range(parts)]
    records = store.read("digits")[0]
    random.Random(seed).shuffle(records)
    for number, record in enumerate(records):
        part = Store(made[number % parts])
        part.update(record)
        shutil.copy(store.suite_path("digits"), part.suite_path("digits"))
        part.samples_folder("digits").mkdir(parents=True, exist_ok=True)
        if record.picture:
            shutil.copy(store.picture_path(record), part.picture_path(record))
        part.commentary_path("digits").parent.mkdir(exist_ok=True)
        shutil.copy(store.commentary_path("digits"), part.commentary_path("digits"))
    return made


def disagree(content: dict[str, Any]) -> None:
    """Another machine's scores, of later."""
    for score in content["scores"]:
        if score["title"] == "sliced W2":
            score["value"], score["values"] = score["value"] * 1.5, []
    content["provenance"]["finished"] = LATER
    content["provenance"]["processor"] = "Another 1"


@settings(max_examples=4, deadline=None)
@given(parts=st.integers(1, 4), seed=st.integers(0, 99), data=st.data())
def test_parts_in_any_order_give_the_whole(
    whole: Path, tmp_path_factory: pytest.TempPathFactory, parts: int, seed: int, data: Any
) -> None:
    folder = tmp_path_factory.mktemp("parts")
    made = split(whole, folder, parts, seed)
    merged = merge(data.draw(st.permutations(made)), folder / "all")
    assert (merged.added, merged.equal, merged.differing) == (9, 0, [])
    assert contents(folder / "all") == contents(whole)


def test_merging_again_changes_nothing(whole: Path, results: Path, tmp_path: Path) -> None:
    export(whole, "digits", tmp_path / "digits.zip")
    for source in (whole, tmp_path / "digits.zip"):
        merged = merge([source], results)
        assert (merged.added, merged.equal, merged.replaced) == (0, 9, 0)
        assert contents(results) == contents(whole)


def test_records_that_differ_are_named_and_the_later_one_is_kept_in_any_order(
    whole: Path,
    results: Path,
    tmp_path: Path,
    find: Find,
    edit: Edit,
    capsys: pytest.CaptureFixture[str],
) -> None:
    later = edit(find(results, ROW), disagree)
    earlier = Record.from_json(find(whole, ROW).read_text())
    value = next(score.value for score in earlier.scores if score.title == "sliced W2")
    made = []
    for number, sources in enumerate(([whole, results], [results, whole])):
        folder = tmp_path / f"all {number}"
        assert main(["merge", *map(str, sources), "--results", str(folder)]) == 1
        out, err = capsys.readouterr()
        (line,) = err.splitlines()
        assert f"{earlier.label}: sliced W2 is " in line
        assert repr(value) in line
        assert repr(value * 1.5) in line
        assert "Another 1" in line
        assert earlier.provenance.processor in line
        assert "1 different" in out
        assert "the one that was finished later" in out
        assert Record.from_json(find(folder, ROW).read_text()) == later
        (aside,) = (folder / "superseded" / "digits").glob("*.json")
        assert Record.from_json(aside.read_text()) == earlier
        assert aside.with_suffix(".png").is_file() == (earlier.picture is not None)
        made.append(contents(folder))
    assert made[0] == made[1]
    assert not [f for f in validate(tmp_path / "all 0") if f.kind != "score"]


def test_records_of_one_second_are_both_kept_aside(
    whole: Path, tmp_path: Path, find: Find, edit: Edit
) -> None:
    folders = [Path(shutil.copytree(whole, tmp_path / str(number))) for number in range(3)]
    edit(find(folders[0], ROW), disagree)
    for number, folder in enumerate(folders[1:]):

        def change(content: dict[str, Any], number: int = number) -> None:
            disagree(content)
            content["scores"][0]["value"], content["scores"][0]["values"] = 5.0 + number, []

        edit(find(folder, ROW), change)
    expected = {find(folder, ROW).read_text() for folder in folders}
    merge(folders, tmp_path / "all")
    aside = {path.read_text() for path in (tmp_path / "all" / "superseded").rglob("*.json")}
    assert aside | {find(tmp_path / "all", ROW).read_text()} == expected
    assert len(expected) == 3


def fail(content: dict[str, Any]) -> None:
    content.update(status="failed", reason="no memory", scores=[], picture=None)
    content["provenance"]["finished"] = LATER


def test_a_later_failure_never_takes_the_place_of_a_measurement(
    whole: Path, results: Path, tmp_path: Path, find: Find, edit: Edit
) -> None:
    edit(find(results, ROW), fail)
    for sources in ([whole, results], [results, whole]):
        merged = merge(sources, tmp_path / "all")
        assert merged.differing == []
        assert contents(tmp_path / "all") == contents(whole)
        shutil.rmtree(tmp_path / "all")


def test_a_picture_that_one_machine_made_is_kept(
    whole: Path, results: Path, tmp_path: Path, find: Find, edit: Edit
) -> None:
    def change(content: dict[str, Any]) -> None:
        content["picture"] = None
        content["provenance"]["finished"] = LATER

    record = edit(find(results, ROW), change)
    Store(results).picture_path(record).unlink()
    for number, sources in enumerate(([whole, results], [results, whole])):
        folder = tmp_path / str(number)
        merged = merge(sources, folder)
        assert (merged.differing, merged.equal) == ([], 9)
        kept = Record.from_json(find(folder, ROW).read_text())
        assert kept.provenance.finished == LATER
        assert (
            Store(folder).picture_path(kept).read_bytes()
            == Store(whole).picture_path(record).read_bytes()
        )
        assert validate(folder) == []


def test_the_choice_of_one_record_depends_on_no_order(
    whole: Path, results: Path, find: Find, edit: Edit
) -> None:
    path = find(results, ROW)
    records = [Record.from_json(path.read_text()), edit(path, disagree), edit(path, fail)]
    for one in records:
        assert choose(one, one) == one
        for other in records:
            assert choose(one, other) == choose(other, one)
            for third in records:
                assert choose(choose(one, other), third) == choose(one, choose(other, third))


def test_suites_are_joined_and_what_differs_otherwise_is_named(
    whole: Path, results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = results / "records" / "digits" / "suite.toml"
    text = path.read_text()
    joined, differing = join_suites(text, text.replace('"gaussian"', '"kde"'))
    assert differing == []
    assert '"gaussian"' in joined
    assert '"kde"' in joined
    assert join_suites(joined, text) == (joined, [])
    path.write_text(text.replace("epochs = 30", "epochs = 31"))
    assert path.read_text() != text
    folder = tmp_path / "all"
    assert main(["merge", str(whole), str(results), "--results", str(folder)]) == 1
    assert "suite digits: training differ in" in capsys.readouterr().err
    assert (folder / "records" / "digits" / "suite.toml").read_text() == text
    (aside,) = (folder / "superseded" / "digits").glob("suite_*.toml")
    assert aside.read_text() == path.read_text()


def test_another_commentary_is_kept_aside(whole: Path, results: Path, tmp_path: Path) -> None:
    (results / "commentary" / "digits.md").write_text("Another view.\n")
    merged = merge([whole, results], tmp_path / "all")
    assert len(merged.differing) == 1
    (aside,) = (tmp_path / "all" / "superseded" / "digits").glob("commentary_*.md")
    assert aside.read_text() == "Another view.\n"


def test_hostile_and_damaged_sources_write_nothing_outside_and_lose_no_neighbour(
    results: Path, tmp_path: Path, find: Find, edit: Edit, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(find(results, ROW), lambda content: content.update(suite="../../../up"))
    edit(find(results, "digits_ae_gaussian_1"), lambda c: c["autoencoder"].update(name="../../x"))
    find(results, "digits_ae_gaussian_2").write_text("{")
    (results / "records" / "digits" / "ae" / "link.json").symlink_to("/etc/passwd")
    os.mkfifo(results / "records" / "digits" / "ae" / "pipe.json")
    before = set(tmp_path.rglob("*"))
    folder = tmp_path / "all"
    assert main(["merge", str(results), "--results", str(folder)]) == 5
    out, err = capsys.readouterr()
    assert "Merged: 6 new, 5 left out" in out
    assert len(err.splitlines()) == 5
    assert err.replace("\n", "").isprintable()
    after = {path for path in tmp_path.rglob("*") if folder not in (path, *path.parents)}
    assert after == before
    assert len(Store(folder).read("digits")[0]) == 6


def test_a_bundle_that_was_changed_is_left_out(
    whole: Path, tmp_path: Path, find: Find, edit: Edit
) -> None:
    export(whole, "digits", tmp_path / "bundle")
    edit(find(tmp_path / "bundle", ROW), disagree)
    merged = merge([tmp_path / "bundle"], tmp_path / "all")
    assert merged.added == 0
    assert [finding.kind for finding in merged.left_out] == ["manifest"]


def test_a_damaged_record_of_the_results_is_kept_and_replaced(
    whole: Path, results: Path, find: Find
) -> None:
    find(results, ROW).write_text("{")
    merged = merge([whole], results)
    assert merged.added == 1
    assert [path.read_text() for path in (results / "damaged").iterdir()] == ["{"]
    assert validate(results) == []


def test_a_folder_is_not_merged_into_itself(results: Path, tmp_path: Path) -> None:
    before = contents(results)
    with pytest.raises(UsageError, match="is the folder to merge into"):
        merge([results / ".." / "results"], results)
    with pytest.raises(UsageError, match="holds no records"):
        merge([tmp_path], results)
    assert contents(results) == before


def start(sources: list[Path], results: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "samplebench", "merge", *map(str, sources)]
    return subprocess.Popen(
        [*command, "--results", str(results)], stdout=subprocess.DEVNULL, start_new_session=True
    )


def test_several_writers_at_once_give_the_whole(whole: Path, tmp_path: Path) -> None:
    made = split(whole, tmp_path, 3)
    running = [start([part], tmp_path / "all") for part in (*made, *made)]
    assert [process.wait(timeout=120) for process in running] == [0] * 6
    assert contents(tmp_path / "all") == contents(whole)


def test_a_merge_that_was_killed_is_completed_by_the_next(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "all"
    for number in range(4):
        killed = start([whole], folder)
        while killed.poll() is None and len(list(folder.rglob("*.json"))) <= 2 * number:
            time.sleep(0.001)
        os.killpg(killed.pid, signal.SIGKILL)
        killed.wait()
        assert Store(folder).read("digits")[1] == []
    merge([whole], folder)
    kept = {path: data for path, data in contents(folder).items() if "/." not in f"/{path}"}
    assert kept == contents(whole)
