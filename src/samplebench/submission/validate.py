"""Validation of a bundle or a results folder: everything in it agrees, and no score is doubtful.

Nothing is executed or written; what is hostile is left out and named.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from samplebench.boards import render_pages
from samplebench.errors import BadSuite
from samplebench.pipeline.request.suite_file import SuiteFile, parse_suite
from samplebench.results.board import Board, make_board
from samplebench.results.plots.files import is_made_of
from samplebench.results.store import Store
from samplebench.submission.doubts import find_doubts
from samplebench.submission.findings import Finding
from samplebench.submission.held_files import MANIFEST, HeldFiles, Unreadable
from samplebench.submission.manifest import Manifest, compare_with, read_manifest
from samplebench.submission.opening import open_files
from samplebench.submission.pictures import find_fault_of_picture
from samplebench.submission.records import HeldRecord, read_records, suites_of

_ROOT: Final = Store(Path())

_ACTIVE: Final = re.compile(
    r"<\s*(script|foreignObject|image|iframe|use\s[^>]*href\s*=\s*[\"'](?!#))"
    r"|\bon\w+\s*=|javascript:|@import|<!ENTITY",
    re.IGNORECASE,
)
"""Signs of an SVG that would run or fetch something."""


def validate(path: Path) -> list[Finding]:
    """Validate a bundle, folder or archive, or a results folder.

    Raises:
        UsageError: there is nothing of the kind.
    """
    with open_files(path) as files:
        return find_all(files)


def find_all(files: HeldFiles) -> list[Finding]:
    """Everything that is wrong or doubtful in these files."""
    findings = list(files.findings)
    suites = suites_of(files)
    if files.is_bundle:
        manifest = read_manifest(files)
        if isinstance(manifest, Manifest):
            findings += compare_with(manifest, files)
            findings += _find_strangers(manifest.suite, files)
        else:
            findings.append(manifest)
    for suite in suites:
        findings += _find_in_suite(suite, files)
    return list(dict.fromkeys(findings))


def _find_strangers(suite: str, files: HeldFiles) -> Iterator[Finding]:
    """Files that have no place in the bundle of a suite."""
    folders = (f"records/{suite}/", f"samples/{suite}/", f"plots/{suite}/")
    others = (MANIFEST, *(_path(p) for p in (_ROOT.board_path(suite), _ROOT.appendix_path(suite))))
    commentary = _path(_ROOT.commentary_path(suite))
    for path in files.sizes:
        if not path.startswith(folders) and path not in (*others, commentary):
            yield Finding("file", path, f"it has no place in a bundle of {suite!r}")
    if not any(path.startswith(folders[0]) and path.endswith(".json") for path in files.sizes):
        yield Finding("record", folders[0], "there is no record of the suite of the manifest")


def _find_in_suite(suite: str, files: HeldFiles) -> list[Finding]:
    findings: list[Finding] = []
    held = read_records(files, suite, findings)
    findings += _find_duplicates(held)
    about = _read_suite(suite, files, findings)
    pictures = _check_pictures(suite, files, findings)
    findings += _find_missing_pictures(held, pictures)
    commentary = _read_commentary(suite, files, findings)
    if held:
        board = make_board(
            suite,
            [each.record for each in held],
            pictures=pictures,
            commentary=commentary,
            about=about,
        )
        findings += find_doubts(held, [*board.rankings, *board.appendix])
        findings += _find_other_pages(board, files)
        findings += _find_other_montages(board, files)
        findings += _find_other_plots(board, files)
    return findings


def _find_duplicates(held: list[HeldRecord]) -> Iterator[Finding]:
    """Records of one cell in two places."""
    first: dict[str, str] = {}
    for each in held:
        earlier = first.setdefault(each.record.identity, each.path)
        if earlier != each.path:
            yield Finding("record", each.path, f"it is of the same cell as {earlier}")


def _read_suite(suite: str, files: HeldFiles, findings: list[Finding]) -> str | None:
    """Read the sentence of a suite about itself, as the page of its board has it."""
    path = _path(_ROOT.suite_path(suite))
    if path not in files.sizes:
        findings.append(Finding("suite", path, "there is no suite with these records"))
        return None
    try:
        text = files.text(path)
        found = parse_suite(text, Path(path), SuiteFile)
    except (Unreadable, BadSuite, ValueError, RecursionError) as error:
        findings.append(Finding("suite", path, str(error)))
        return None
    if found.name != suite:
        findings.append(Finding("suite", path, f"its name is {found.name!r}, not {suite!r}"))
    return found.about


def _check_pictures(suite: str, files: HeldFiles, findings: list[Finding]) -> set[str]:
    """The names of the suite's pictures; those that cannot be read are findings."""
    folder = f"{_path(_ROOT.samples_folder(suite))}/"
    found = set()
    for path in files.sizes:
        name = path.removeprefix(folder)
        if name == path or "/" in name or not name.endswith(".png"):
            continue
        try:
            fault = find_fault_of_picture(files.read(path))
        except Unreadable as error:
            fault = str(error)
        if fault:
            findings.append(Finding("picture", path, fault))
        else:
            found.add(name)
    return found


def _find_missing_pictures(held: list[HeldRecord], pictures: set[str]) -> Iterator[Finding]:
    for each in held:
        name = each.record.picture
        if name is not None and name not in pictures:
            yield Finding("picture", each.path, f"its picture {name} is not there")


def _read_commentary(suite: str, files: HeldFiles, findings: list[Finding]) -> str:
    path = _path(_ROOT.commentary_path(suite))
    if path not in files.sizes:
        return ""
    try:
        return files.text(path).removeprefix("\ufeff").strip()
    except Unreadable as error:
        findings.append(Finding("board", path, str(error)))
        return ""


def _find_other_pages(board: Board, files: HeldFiles) -> Iterator[Finding]:
    """Pages that are not what the records say."""
    pages = {_path(path): text for path, text in render_pages(_ROOT, board).items()}
    for path, text in pages.items():
        if path not in files.sizes:
            yield Finding("board", path, "it is not there; run `samplebench leaderboard`")
            continue
        try:
            is_same = files.text(path) == text
        except Unreadable as error:
            yield Finding("board", path, str(error))
            continue
        if not is_same:
            yield Finding(
                "board", path, "it is not what its records say; run `samplebench leaderboard`"
            )
    appendix = _path(_ROOT.appendix_path(board.suite))
    if appendix in files.sizes and appendix not in pages:
        yield Finding("board", appendix, "its records have no appendix")


def _find_other_montages(board: Board, files: HeldFiles) -> Iterator[Finding]:
    """Montages that are absent, or not made of the pictures that are there."""
    folder = _path(_ROOT.samples_folder(board.suite))
    shown = {montage.file_name for montage in board.montages}
    for montage in board.montages:
        path = f"{folder}/{montage.file_name}"
        if montage.file_name not in board.pictures:
            yield Finding("picture", path, "it is not there; run `samplebench leaderboard`")
        elif not montage.is_made_of(lambda name: files.read(f"{folder}/{name}")):
            yield Finding("picture", path, "it is not made of the pictures of the rows")
    for name in sorted(board.pictures):
        if name.endswith(".montage.png") and name not in shown:
            yield Finding("picture", f"{folder}/{name}", "its records have no such montage")


def _find_other_plots(board: Board, files: HeldFiles) -> Iterator[Finding]:
    """Plots that are absent, not made of the board's scores, or more than drawings."""
    folder = f"{_path(_ROOT.plots_folder(board.suite))}/"
    charts = {f"{folder}{name}.svg": chart for name, chart in board.charts.items()}
    for path, chart in charts.items():
        if path not in files.sizes:
            yield Finding("plot", path, "it is not there; run `samplebench leaderboard`")
            continue
        try:
            svg = files.text(path)
        except Unreadable as error:
            yield Finding("plot", path, str(error))
            continue
        if _ACTIVE.search(svg):
            yield Finding("plot", path, "it holds more than a drawing: a script or a link")
        elif not is_made_of(chart, svg):
            yield Finding("plot", path, "it is not made of the scores of the board")
    for path in files.sizes:
        if path.startswith(folder) and path not in charts:
            yield Finding("plot", path, "its records have no such plot")


def _path(path: Path) -> str:
    return path.as_posix()
