"""Bundles: equal results give equal bytes, and any change of one is found."""

import os
import random
import shutil
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_results import COMMITTED

from samplebench.cli import main
from samplebench.errors import BadRecord, UsageError
from samplebench.submission.export import export
from samplebench.submission.held_files import MadeFiles
from samplebench.submission.manifest import find_changed
from samplebench.submission.validate import validate


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture(scope="session")
def bundle(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("bundle") / "digits"
    assert export(whole, "digits", output) == []
    return output


def test_a_bundle_holds_the_board_and_all_that_it_is_made_from(whole: Path, bundle: Path) -> None:
    found = contents(bundle)
    assert found.pop("manifest.json")
    assert found == contents(whole)
    assert validate(bundle) == []


def test_equal_results_give_equal_bytes(whole: Path, bundle: Path, tmp_path: Path) -> None:
    files = list(contents(whole).items())
    random.Random(0).shuffle(files)  # another order in the folder, other times, other rights
    for path, data in files:
        copy = tmp_path / "copy" / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(data)
        os.utime(copy, (0, 10**9))
        copy.chmod(0o600)
    sources = {"whole": whole, "copy": tmp_path / "copy", "bundle": bundle}
    for name, source in sources.items():
        export(source, "digits", tmp_path / f"{name}.zip")
    archives = {(tmp_path / f"{name}.zip").read_bytes() for name in sources}
    assert len(archives) == 1
    with zipfile.ZipFile(tmp_path / "whole.zip") as packed:
        assert {name: packed.read(name) for name in packed.namelist()} == contents(bundle)
    assert validate(tmp_path / "whole.zip") == []


def test_a_bundle_that_is_compressed_again_is_valid(bundle: Path, tmp_path: Path) -> None:
    packed = shutil.make_archive(str(tmp_path / "again"), "zip", bundle)
    assert validate(Path(packed)) == []


@pytest.mark.slow
def test_the_committed_boards_are_valid() -> None:
    assert validate(COMMITTED) == []


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_any_changed_byte_of_a_bundle_is_found(bundle: Path, data: st.DataObject) -> None:
    files = contents(bundle)
    name = data.draw(st.sampled_from(sorted(files)))
    place = data.draw(st.integers(0, len(files[name]) - 1))
    changed = bytearray(files[name])
    changed[place] ^= data.draw(st.integers(1, 255))
    found = find_changed(MadeFiles(files | {name: bytes(changed)}))
    assert name in [finding.place for finding in found]


@pytest.mark.parametrize("change", ["added", "removed"])
def test_a_file_more_or_less_is_found(bundle: Path, tmp_path: Path, change: str) -> None:
    shutil.copytree(bundle, tmp_path / "changed")
    if change == "added":
        place = "samples/digits/more.png"
        data = next((bundle / "samples" / "digits").glob("*.png")).read_bytes()
        (tmp_path / "changed" / place).write_bytes(data)
    else:
        place = "commentary/digits.md"
        (tmp_path / "changed" / place).unlink()
    assert place in [finding.place for finding in validate(tmp_path / "changed")]


def test_an_earlier_bundle_is_replaced_and_nothing_else(whole: Path, tmp_path: Path) -> None:
    for name in ("digits", "digits.zip"):
        export(whole, "digits", tmp_path / name)
        export(whole, "digits", tmp_path / name)
        assert validate(tmp_path / name) == []
    (tmp_path / "thesis.zip").write_text("mine")
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter").write_text("mine")
    (tmp_path / "digits" / "notes").write_text("mine")  # would be lost with the bundle
    (tmp_path / "link").symlink_to(tmp_path / "thesis")
    before = contents(tmp_path)
    for name in ("thesis.zip", "thesis", "digits", "link"):
        with pytest.raises(UsageError, match="is there and is no bundle of samplebench"):
            export(whole, "digits", tmp_path / name)
    assert contents(tmp_path) == before


def test_what_cannot_be_bundled_is_said_and_leaves_nothing(results: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no records of .mnist. are in .*; there are: digits"):
        export(results, "mnist", tmp_path / "new.zip")
    next((results / "records" / "digits" / "ae").iterdir()).write_text("{")
    with pytest.raises(BadRecord, match="cannot be bundled: it is not JSON"):
        export(results, "digits", tmp_path / "new.zip")
    assert not (tmp_path / "new.zip").exists()


def test_the_commands_tell_what_they_did(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "digits.zip"
    assert main(["export", "digits", "--results", str(whole), "--output", str(output)]) == 0
    assert capsys.readouterr().out == (f"Bundle: {output}, for `samplebench validate {output}`\n")
    assert main(["validate", str(output)]) == 0
    assert capsys.readouterr().out == f"{output}: all is as it should be\n"
    assert main(["validate", str(output), "--json"]) == 0
    assert capsys.readouterr().out == "[]\n"
