"""Records that are damaged, or not what they say they are."""

import json
import os

import pytest

from samplebench.results.record_file import write


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
def test_a_damaged_record_is_set_aside_and_its_cell_measured_again(measured, damage):
    path = measured.record()
    path.write_bytes(broken := damage(path.read_bytes()))
    assert measured.read("leaderboard") == 5
    assert measured.err.count(str(path)) == 1
    assert len(measured.err.splitlines()) == 1
    assert len(measured.err) < 2000
    assert measured.run() == 0
    assert measured.scores() == measured.truth
    [kept] = (measured.results / "damaged").iterdir()
    assert kept.read_bytes() == broken


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
def test_a_record_decides_nowhere_that_a_command_writes(measured, change):
    path = measured.record()
    # What it says of its place in the board is brought up to date, so that it is written again.
    path.write_text(changed(path, appendix=True, **change))
    assert_nothing_is_written_outside(measured, path)


@pytest.mark.parametrize("part", ["dataset", "autoencoder", "sampler"])
@pytest.mark.parametrize("name", ["../../../outside", "/tmp/outside", "a\0b", ".", "s" * 10_000])
def test_a_part_in_a_record_decides_nowhere_that_a_command_writes(measured, part, name):
    path = measured.record()
    whole = json.loads(path.read_text())[part] | {"name": name}
    path.write_text(changed(path, appendix=True, **{part: whole}))
    assert_nothing_is_written_outside(measured, path)


def assert_nothing_is_written_outside(measured, path):
    others = {
        file: file.stat().st_mtime_ns
        for file in measured.folder.rglob("*")
        if file.is_file() and not file.is_relative_to(measured.results)
    }
    assert measured.read("leaderboard") == 5
    assert measured.err.count(str(path)) == 1
    assert measured.read("forget", "*/again/*") == 0
    assert measured.run() == 0
    assert measured.scores() == measured.truth
    there = {
        file: file.stat().st_mtime_ns
        for file in measured.folder.rglob("*")
        if file.is_file()
        and not file.is_relative_to(measured.results)
        and "cache" not in file.parts
        and "progress" not in file.parts
    }
    assert there == others
    assert not os.path.exists("/tmp/outside")


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
    for seeds in ("0-1", "2"):
        assert measured.run("--seeds", seeds, "--again") in (2, 5)
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
    for command, *words in (*commands, ("compare", "normal", "again")):
        measured.read(command, *words, *(["--dry-run"] if command == "forget" else []))
        assert str(path) in measured.out + measured.err or command == "forget"
        assert "root:" not in measured.out + measured.err
    assert measured.run() == 0
    assert str(path) in measured.err
    assert measured.scores() == measured.truth


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
