"""Records that are damaged, or not what they say they are."""

import json
import os

import pytest

from samplebench.results.record_file import write
from samplebench.results.store import Store


def changed(path, **changes):
    """A record with other fields and the digest that fits them, as an attacker writes it."""
    content = json.loads(path.read_text())
    del content["content_digest"]
    return write(content | changes)


def flip(data, bit):
    flipped = bytearray(data)
    flipped[bit // 8] ^= 1 << bit % 8
    return bytes(flipped)


DAMAGES = {
    "empty": lambda data: b"",
    "half": lambda data: data[: len(data) // 2],
    "one byte less": lambda data: data[:-3],
    "zeros": lambda data: bytes(len(data)),
    "noise": lambda data: bytes(range(256)) * 50,
    "a list": lambda data: b"[]",
    "a number of 5,000 digits": lambda data: data.replace(b'"seed": 0', b'"seed": ' + b"9" * 5000),
    "nested 20,000 deep": lambda data: b'{"format": 2, "scores": ' + b"[" * 20_000 + b"]" * 20_000,
    "well nested 20,000 deep": lambda data: b'{"a": ' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    "a name of 10,000 letters": lambda data: data.replace(b"stripes", b"s" * 10_000),
    "infinity": lambda data: data.replace(b'"seed": 0', b'"seed": Infinity'),
    "a text for a number": lambda data: data.replace(b'"seed": 0', b'"seed": "0"'),
    "true for a number": lambda data: data.replace(b'"seed": 0', b'"seed": true'),
    "a key twice": lambda data: data.replace(b'"seed": 0', b'"seed": 0,\n "seed": 0'),
    **{
        f"bit {part}/12 flipped": lambda data, part=part: flip(data, len(data) * 8 * part // 12)
        for part in range(12)
    },
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_record_is_named_in_one_line_and_never_shown(measured, damage):
    path = measured.record()
    path.write_bytes(damage(path.read_bytes()))
    assert measured.read("show", path.name) == 5
    assert (measured.out, len(measured.err.splitlines())) == ("", 1)
    assert str(path) in measured.err
    assert len(measured.err) < 2000
    records, [damaged] = Store(measured.results).read("toy")
    assert (len(records), damaged.path) == (5, path)


def test_damaged_records_are_kept_and_their_cells_measured_again(measured):
    """Each of these was tried alone above; here the run has to do with six at once."""
    paths = sorted((measured.results / "records" / "toy" / "linear").iterdir())
    broken = {}
    for path, damage in zip(paths, list(DAMAGES.values())[:6], strict=True):
        path.write_bytes(damage(path.read_bytes()))
        broken[path.name] = path.read_bytes()
    assert measured.read("leaderboard") == 5
    assert len(measured.err.splitlines()) == 6
    assert measured.run() == 0
    assert measured.scores() == measured.truth
    kept = {file.name: file.read_bytes() for file in (measured.results / "damaged").iterdir()}
    assert kept == broken


@pytest.mark.parametrize("version", ["3", "10000", '"2"', "null", "9" * 4000])
def test_a_record_of_a_future_format_is_left_alone_and_named(measured, version):
    path = measured.record()
    path.write_text(path.read_text().replace('"format": 2', f'"format": {version}'))
    before = path.read_bytes()
    assert measured.run() == 2
    assert str(path) in measured.err
    assert len(measured.err) < 2000
    assert path.read_bytes() == before
    assert measured.read("leaderboard") == 0  # of the others
    assert measured.err.count("install a version of samplebench that fits") == 1


TRICKS = {
    "suite above": {"suite": "../../../outside"},
    "suite elsewhere": {"suite": "/tmp/outside"},
    "another suite": {"suite": "digits"},
    "identity above": {"identity": "/../../../outside"},
    "another identity": {"identity": "0" * 64},
    "another seed": {"seed": 7},
    "role": {"role": "../../outside"},
    "no suite": {"suite": ""},
    "suite of a NUL": {"suite": "toy\0"},
}


@pytest.mark.parametrize("change", TRICKS.values(), ids=TRICKS)
def test_a_record_that_names_another_place_than_its_own_is_damaged(measured, change):
    path = measured.record()
    path.write_text(changed(path, **change))
    assert_only_this_is_damaged(measured, path)


@pytest.mark.parametrize("part", ["dataset", "autoencoder", "sampler"])
@pytest.mark.parametrize("name", ["../../../outside", "/tmp/outside", "a\0b", ".", "s" * 10_000])
def test_a_record_with_a_part_that_names_another_place_is_damaged(measured, part, name):
    path = measured.record()
    whole = json.loads(path.read_text())[part] | {"name": name}
    path.write_text(changed(path, **{part: whole}))
    assert_only_this_is_damaged(measured, path)


def assert_only_this_is_damaged(measured, path):
    assert measured.read("show", path.name) == 5
    assert str(path) in measured.err
    assert len(measured.err) < 2000
    assert measured.read("forget", "*/again/seed 1") == 0
    assert measured.read("forget", "*/normal/seed 0") == 5
    assert [file.path for file in Store(measured.results).read("toy")[1]] == [path]


def test_no_command_writes_where_a_record_says(measured):
    # What it says of its place in the board is brought up to date, so that it is written again.
    path = measured.record()
    path.write_text(changed(path, appendix=True, suite="../../outside"))
    before = set(measured.folder.rglob("*"))
    assert measured.read("leaderboard") == 5
    assert measured.run() == 0
    assert measured.scores() == measured.truth
    new = {file.relative_to(measured.folder) for file in set(measured.folder.rglob("*")) - before}
    assert {file.parts[0] for file in new} <= {"results", "workspace", "cache"}
    assert not any("outside" in str(file) for file in new)


FOLDERS = (
    "records/toy",
    "records/toy/linear",
    "samples/toy",
    "superseded",
    "damaged",
    "commentary",
)


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_that_is_a_link_out_of_the_results_is_refused(measured, folder):
    outside = measured.folder / "outside"
    place = measured.results / folder
    if place.exists():
        place.rename(outside)
    else:
        outside.mkdir()
    place.parent.mkdir(exist_ok=True)
    place.symlink_to(outside)
    before = {file: file.stat().st_mtime_ns for file in [outside, *outside.rglob("*")]}
    assert measured.run("--seeds", "0", "--again") == 2
    assert str(place) in measured.err
    assert "outside of" in measured.err
    assert len(measured.err.splitlines()) == 1
    assert {file: file.stat().st_mtime_ns for file in [outside, *outside.rglob("*")]} == before


def place_fifo(path):
    os.mkfifo(path)


THINGS = {
    "a folder": lambda path: path.mkdir(),
    "a dangling link": lambda path: path.symlink_to("nowhere"),
    "a link to itself": lambda path: path.symlink_to(path),
    "a link to a secret": lambda path: path.symlink_to("/etc/passwd"),
    "a FIFO": place_fifo,
    "an endless device": lambda path: path.symlink_to("/dev/zero"),
    "a terabyte": lambda path: (path.touch(), os.truncate(path, 2**40)),
    "a link to a folder": lambda path: path.symlink_to("/"),
}


@pytest.mark.parametrize("put", THINGS.values(), ids=THINGS)
def test_what_lies_in_the_place_of_a_record_is_named_and_set_aside(measured, put):
    path = measured.record()
    path.unlink()
    put(path)
    commands = (("leaderboard",), ("leaderboard", "--check"), ("show", path.name), ("forget", "*"))
    for command, *words in (*commands, ("compare", "--suite", "toy", "normal", "again")):
        measured.read(command, *words, *(["--dry-run"] if command == "forget" else []))
        assert str(path) in measured.out + measured.err or command == "forget"
        assert "root:" not in measured.out + measured.err


@pytest.mark.parametrize("things", [list(THINGS)[:6], list(THINGS)[6:]], ids=["1 to 6", "7 on"])
def test_what_lies_in_the_place_of_records_is_set_aside_and_they_are_measured(measured, things):
    paths = sorted((measured.results / "records" / "toy" / "linear").iterdir())
    for thing, path in zip(things, paths, strict=False):
        path.unlink()
        THINGS[thing](path)
    assert measured.run() == 0
    assert measured.scores() == measured.truth
    assert len(list((measured.results / "damaged").iterdir())) == len(things)


@pytest.mark.parametrize("put", THINGS.values(), ids=THINGS)
@pytest.mark.parametrize(
    "name", ["commentary/toy.md", "records/toy/suite.toml", "samples/toy/{picture}", "toy.md"]
)
def test_what_lies_beside_records_hangs_and_fills_and_shows_nothing(measured, name, put):
    [picture] = (measured.results / "samples" / "toy").glob("*normal_0_*.png")
    path = measured.results / name.format(picture=picture.name)
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    put(path)
    code = measured.read("leaderboard")
    assert code in (0, 2, 5)
    assert code == 0 or str(path) in measured.err
    assert len(measured.err.splitlines()) <= 1
    board = measured.results / "toy.md"
    assert not board.is_file() or b"root:" not in board.read_bytes()
    measured.read("leaderboard", "--check")
