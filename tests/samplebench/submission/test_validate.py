"""Validation: a lie, a mistake or an attack is named in one line, and nothing else happens."""

import io
import json
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samplebench.boards import write_boards
from samplebench.cli import main
from samplebench.errors import UsageError
from samplebench.results import record_file
from samplebench.results.identity import identify
from samplebench.results.record import Record
from samplebench.results.store import Store
from samplebench.submission.findings import escape
from samplebench.submission.safe_paths import why_unsafe
from samplebench.submission.validate import validate

Edit = Callable[[Path, Callable[[dict[str, Any]], None]], Record]
Find = Callable[[Path, str], Path]

ROW = "digits_ae_gaussian_0"


def messages(folder: Path) -> list[str]:
    found = [str(finding) for finding in validate(folder)]
    assert all(line.isprintable() for line in found)
    return found


def set_score(title: str, value: float) -> Callable[[dict[str, Any]], None]:
    def change(content: dict[str, Any]) -> None:
        (score,) = [each for each in content["scores"] if each["title"] == title]
        score["value"] = value
        score["values"] = []

    return change


def test_real_results_have_no_finding(results: Path) -> None:
    assert messages(results) == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "it is not JSON"),
        ("[]", "it is not a JSON object"),
        ('{"format": 2, "format": 2}', "the key 'format' stands twice"),
        ('{"format": 2, "seed": NaN}', "NaN is no number of JSON"),
        ('{"format": 2, "seed": -Infinity}', "-Infinity is no number of JSON"),
        ('{"format": 2, "seed": 1e999}', "1e999 is too large a number"),
        ('{"format": 2, "seed": ' + "9" * 5000 + "}", "it is not JSON: Exceeds the limit"),
        ('{"format": 2, "seed": ' + "[" * 100_000 + "]" * 100_000 + "}", "recursion"),
        ('{"format": 3}', "it has format 3"),
        ('{"format": 2, "content_digest": "no"}', "does not have the digest"),
        ('{"format": 2, "suite": "\\ud800"}', "does not have the digest|surrogate"),
    ],
)
def test_a_text_that_is_no_record_is_named(
    results: Path, find: Find, text: str, reason: str
) -> None:
    path = find(results, ROW)
    path.write_text(text)
    (first, *_) = validate(results)
    assert (first.kind, first.place) == ("record", path.relative_to(results).as_posix())
    assert any(word in first.message for word in reason.split("|")), first.message


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda c: c.update(seed=7), "its identity is .*, and that of its dataset"),
        (lambda c: c["sampler"]["settings"].update(x=1), "its identity is"),
        (lambda c: c.update(suite="other"), "by its content it belongs to records/other/"),
        (lambda c: c.update(suite="../../up"), "it names '../../up'; names are lower case"),
        (lambda c: c["autoencoder"].update(name="/etc"), "it names '/etc'"),
        (lambda c: c.update(picture="../../../x.png"), "its picture is called"),
        (lambda c: c.update(status="failed", reason="lost"), "it is failed and has scores"),
        (lambda c: c["scores"].append(c["scores"][0]), "two scores of one metric"),
    ],
)
def test_a_record_that_contradicts_itself_is_named(
    results: Path, find: Find, edit: Edit, change: Callable[[dict[str, Any]], None], reason: str
) -> None:
    edit(find(results, ROW), change)
    found = messages(results)
    assert re.search(reason, found[0]), found


@pytest.mark.parametrize("sign", ["\x1b[31m", "\u202e", "\x00"])
def test_a_record_with_signs_that_cannot_be_printed_is_named(
    results: Path, find: Find, sign: str
) -> None:
    path = find(results, ROW)
    content = json.loads(path.read_text())
    del content["content_digest"]
    content["diagnostics"][sign] = 1.0
    digest = record_file._digest(content)
    path.write_text(json.dumps({**content, "content_digest": digest}))
    assert "signs that cannot be printed in" in messages(results)[0]


def test_a_record_at_another_place_is_named(results: Path, find: Find) -> None:
    path = find(results, ROW)
    path.rename(path.with_name("mine.json"))
    assert f"it belongs to records/digits/ae/{path.name}" in messages(results)[0]


@pytest.mark.parametrize(
    ("title", "value", "reason"),
    [
        ("FD[classifier]", -1.0, "is -1, and its range is 0 or more"),
        ("near copies", 1.5, "near copies is 1.5, and its range is 0 to 1"),
        ("fit", -1e-9, "fit is -1e-09, and its range is 0 or more"),
    ],
)
def test_a_score_outside_of_its_range_is_named(
    results: Path, find: Find, edit: Edit, title: str, value: float, reason: str
) -> None:
    edit(find(results, ROW), set_score(title, value))
    write_boards(results, ["digits"])
    assert any(reason in line for line in messages(results))


def test_a_score_that_is_not_the_mean_of_its_values_is_named(
    results: Path, find: Find, edit: Edit
) -> None:
    def change(content: dict[str, Any]) -> None:
        content["scores"][0]["value"] *= 0.99

    edit(find(results, ROW), change)
    write_boards(results, ["digits"])
    (line,) = messages(results)
    assert "and the mean of its values" in line


def test_a_row_that_is_better_than_real_data_is_named_by_the_interval_of_the_floor(
    results: Path, find: Find, edit: Edit
) -> None:
    records = Store(results).read("digits")[0]
    floors = {
        score.floor.values
        for record in records
        for score in record.scores
        if score.title == "FD[classifier]" and score.floor
    }
    ends = []
    for value in (1.8, 1.95):  # of the floor 4.59 ± 2.72, which ends at 1.87
        for seed in range(3):
            edit(
                find(results, f"digits_ae_gaussian_{seed}"),
                set_score("FD[classifier]", value + seed / 1000),
            )
        write_boards(results, ["digits"])
        ends.append(
            [line for line in messages(results) if "better than that of real data" in line]
        )
    assert floors
    assert len(ends[0]) == 1
    assert "`" not in ends[0][0]
    assert ends[1] == []


def test_a_score_of_another_row_is_named_and_a_share_that_coincides_is_not(
    results: Path, find: Find, edit: Edit
) -> None:
    other = Record.from_json(find(results, "digits_ae_pmfs_1").read_text())
    values = {score.title: score.value for score in other.scores}
    for title in ("sliced W2", "authenticity", "near copies"):
        edit(find(results, ROW), set_score(title, values[title]))
    write_boards(results, ["digits"])
    (line,) = messages(results)
    assert f"sliced W2 is {values['sliced W2']!r}, equal to the last digit to that of" in line


def test_a_board_that_its_records_do_not_give_is_named(results: Path) -> None:
    board = results / "digits.md"
    board.write_text(board.read_text().replace("gaussian", "Gaussian", 1))
    assert messages(results) == [
        "board: digits.md: it is not what its records say; run `samplebench leaderboard`"
    ]
    board.unlink()
    (results / "digits.appendix.md").write_text("more")
    assert [line[:30] for line in messages(results)] == [
        "board: digits.md: it is not th",
        "board: digits.appendix.md: its",
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("name = ", "suite: records/digits/suite.toml: "),
        ("a = " + "[" * 50_000, "suite: records/digits/suite.toml: "),
        ("a = " + "9" * 5000, "suite: records/digits/suite.toml: "),
        ("colour = 1", "there is no such key; allowed:"),
    ],
)
def test_a_suite_that_cannot_be_read_is_named(results: Path, text: str, reason: str) -> None:
    (results / "records" / "digits" / "suite.toml").write_text(text)
    assert reason in messages(results)[0]


def png(width: int, height: int, data: bytes = b"") -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + data
        + chunk(b"IDAT", b"")
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"%!PS-Adobe-3.0 EPSF-3.0\n(/etc/passwd) (r) file", "it is no readable PNG"),
        (b"", "it is no readable PNG"),
        (png(60_000, 60_000), "more pixels than a picture of samples can have"),
    ],
)
def test_a_picture_that_is_none_is_named(results: Path, data: bytes, reason: str) -> None:
    path = min((results / "samples" / "digits").glob("digits_ae_gaussian_*.png"))
    path.write_bytes(data)
    assert any(reason in line and path.name in line for line in messages(results))


def test_a_montage_of_other_pictures_is_named(results: Path) -> None:
    folder = results / "samples" / "digits"
    one, other, *_ = sorted(path for path in folder.glob("*.png") if "montage" not in path.name)
    one.write_bytes(other.read_bytes())
    assert any("it is not made of the pictures of the rows" in line for line in messages(results))


def test_links_pipes_folders_and_endless_files_are_named_and_never_opened(results: Path) -> None:
    folder = results / "records" / "digits" / "ae"
    (folder / "link.json").symlink_to("/etc/passwd")
    (folder / "endless.json").symlink_to("/dev/zero")
    os.mkfifo(folder / "pipe.json")
    (folder / "folder.json").mkdir()
    with (folder / "sparse.json").open("wb") as file:
        file.truncate(2**30)
    (results / "samples" / "out").symlink_to("/")
    (folder / "\x1b[2J.json").write_text("{}")
    found = "\n".join(messages(results))
    for name in ("link", "endless"):
        assert f"{name}.json: it is a symbolic link" in found
    assert "pipe.json: it is a pipe" in found
    assert "sparse.json: it has 1,073,741,824 bytes" in found
    assert "samples/out: it is a symbolic link" in found
    assert r"\x1b[2J.json: its path has signs that cannot be printed" in found


def packed(entries: dict[str, bytes], *, mode: int = 0o100644, method: int = 0) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in entries.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr, entry.compress_type = mode << 16, method
            archive.writestr(entry, data)
    return file.getvalue()


@pytest.mark.parametrize(
    ("archive", "reason"),
    [
        (packed({"../../up.json": b"{}"}), "its path has an empty name, '.' or '..' in it"),
        (packed({"/etc/cron.d/x": b"{}"}), "its path is absolute"),
        (packed({"C:\\x": b"{}"}), "which not every system allows in names"),
        (packed({"a/" * 50 + "x": b"{}"}), "its path is deeper than"),
        (packed({"x" * 300: b"{}"}), "a name in its path is longer than"),
        (packed({"x\x1b[31m": b"{}"}), "signs that cannot be printed"),
        (packed({"records/digits/ae/l.json": b"/etc/passwd"}, mode=0o120777), "it is a link"),
        (packed({"records/digits/ae/b.json": bytes(2**24)}, method=8), "it would unpack to more"),
        (packed({"records/digits/ae/b.json": b"{}"}, method=14), "compressed by another method"),
        (packed({"x.md": b"1", "X.md": b"2"}), "its path stands twice in the archive"),
    ],
)
def test_an_archive_that_attacks_is_refused_and_writes_nothing(
    tmp_path: Path, archive: bytes, reason: str
) -> None:
    (tmp_path / "inner").mkdir()
    path = tmp_path / "inner" / "bundle.zip"
    path.write_bytes(archive)
    assert any(reason in line for line in messages(path))
    assert list(tmp_path.rglob("*")) == [tmp_path / "inner", path]


def test_a_size_that_an_archive_understates_is_not_believed(tmp_path: Path) -> None:
    data = packed({"records/digits/ae/b.json": bytes(2**20)}, method=8)
    lie = data.replace(struct.pack("<L", 2**20), struct.pack("<L", 2))
    assert lie != data
    path = tmp_path / "bundle.zip"
    path.write_bytes(lie)
    assert any("b.json" in line for line in messages(path))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x05\x06" + b"\xff" * 18,
        b"PK\x06\x07" + bytes(16) + b"PK\x05\x06" + bytes(18),
        b"PK\x05\x06" + struct.pack("<HHHHLLH", 0, 0, 1, 1, 2**31, 0, 0),
    ],
)
def test_a_file_that_is_no_archive_is_one_sentence(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "bundle.zip"
    path.write_bytes(data)
    with pytest.raises(UsageError, match="is no readable zip archive"):
        validate(path)


@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=400), at=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_any_bytes_are_findings_or_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, at: int, flip: int
) -> None:
    good = bytearray(packed({"records/digits/ae/a.json": data, "manifest.json": data}, method=8))
    good[at % len(good)] ^= flip
    folder = tmp_path_factory.mktemp("any")
    for content in (data, bytes(good)):
        path = folder / "bundle.zip"
        path.write_bytes(content)
        try:
            found: list[object] = [*validate(path)]
        except UsageError as error:
            found = [error]
        assert found or content == bytes(good)
        assert all(str(finding).isprintable() for finding in found)


@given(name=st.text(max_size=40))
def test_a_path_that_is_safe_stays_inside(name: str) -> None:
    if why_unsafe(name) is None:
        inside = os.path.normpath(f"/folder/{name}")
        assert inside == f"/folder/{name}"
        assert name.isprintable()


@given(text=st.text())
def test_whatever_is_shown_is_one_printable_line(text: str) -> None:
    assert escape(text).isprintable()
    assert not text.isprintable() or len(text) > 600 or escape(text) == text


@pytest.mark.parametrize("kind", ["absent", "empty", "pipe"])
def test_a_path_without_results_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    path = tmp_path / "results"
    if kind == "empty":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    assert main(["validate", str(path)]) == 2
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 1
    assert "a results folder, or a bundle that `samplebench export` wrote" in err


def test_findings_are_for_programs_too(
    results: Path, find: Find, capsys: pytest.CaptureFixture[str]
) -> None:
    find(results, ROW).write_text("{")
    assert main(["validate", str(results), "--json"]) == 1
    first, *_ = json.loads(capsys.readouterr().out)
    assert set(first) == {"kind", "place", "message"}
    assert main(["validate", str(results)]) == 1
    *lines, last = capsys.readouterr().out.splitlines()
    assert last == f"{results}: {len(lines)} findings"


def test_an_identity_is_that_of_the_fields(results: Path) -> None:
    records = Store(results).read("digits")[0]
    assert records
    assert all(identify(record) == record.identity for record in records)
