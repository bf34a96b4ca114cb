"""Boards on disk: written from their records, checked against them, or shown on a terminal.

Plain text and pictures: no torch.
"""

import sys
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from rich.console import Console

from samplebench.errors import UsageError
from samplebench.results.assembly import assemble
from samplebench.results.blocks import Paragraph
from samplebench.results.board import Board, make_board
from samplebench.results.formats import markdown, terminal
from samplebench.results.garbage import collect_later
from samplebench.results.next_to_best import next_to_best
from samplebench.results.page import appendix_page, main_page, terminal_page
from samplebench.results.plots.chart import Chart
from samplebench.results.plots.files import is_current, render
from samplebench.results.ranking import Ranking
from samplebench.results.record import Record
from samplebench.results.store import Damaged, Store, write_whole

Read = Callable[[str], tuple[list[Record], list[Damaged]]]
"""Reads the records of a suite, as ``Store.read`` does. A command that takes several of the steps
below gives them one that remembers.
"""


def report_unreadable(results: Path, suites: Sequence[str], read: Read | None = None) -> bool:
    """Name the records of these suites, or of all, that cannot be read and that boards leave out.

    Returns:
        True if one is damaged, and not only of another format.
    """
    store = Store(results)
    read = read or store.read
    unreadable = [file for suite in suites or store.suites() for file in read(suite)[1]]
    for file in unreadable:
        print(f"samplebench: {file}", file=sys.stderr)
    return any(not file.is_foreign for file in unreadable)


def write_boards(results: Path, suites: Sequence[str], read: Read | None = None) -> list[Path]:
    """Make the boards of these suites, or of all that have records; return their paths."""
    store = Store(results)
    boards = _make_boards(store, suites, read)
    for board in boards:
        for path in _surplus(store, board):
            path.unlink()
        folder = store.samples_folder(board.suite)
        for montage in board.montages:
            if not montage.is_current(folder):
                write_whole(folder / montage.file_name, montage.draw(folder))
        for path, chart in _charts(store, board).items():
            if not is_current(chart, path):
                write_whole(path, render(chart, path.suffix))
        for path, text in render_pages(store, board).items():
            write_whole(path, text)
    return [store.board_path(board.suite) for board in boards]


def remove_empty_board(results: Path, suite: str) -> None:
    """Remove the pages, montages and plots of a suite that has no record left."""
    store = Store(results)
    if not any(store.records_folder(suite).rglob("*.json")):
        montages = store.samples_folder(suite).glob("*.montage.png")
        plots = store.plots_folder(suite).glob("*.svg")
        for path in (store.board_path(suite), store.appendix_path(suite), *montages, *plots):
            path.unlink(missing_ok=True)


def check_boards(results: Path, suites: Sequence[str], read: Read | None = None) -> int:
    """Report the files of boards that are not what their records say; return the exit code.

    Pages are compared by their text, montages and plots by the digest of what they are made of.
    """
    store = Store(results)
    boards = _make_boards(store, suites, read)
    differing = {board.suite: _differing(store, board) for board in boards}
    for path in (path for paths in differing.values() for path in paths):
        print(
            f"samplebench: {path} is not what its records say; run `samplebench leaderboard`",
            file=sys.stderr,
        )
    right = sum(not paths for paths in differing.values())
    print(f"{right} of {len(boards)} boards agree with their records")
    return 0 if right == len(boards) else 1


def show_board(
    results: Path,
    suite: str,
    console: Console,
    *,
    asked: Collection[str] | None = None,
    read: Read | None = None,
) -> None:
    """Print the tables of a board, or their rows with the records of these identities; nothing
    where the suite has no readable record.
    """
    store = Store(results)
    for board in _make_boards(store, [suite], read):
        blocks = terminal_page(board, str(store.board_path(suite)), asked=asked)
        terminal.show(blocks, console)


def read_all(results: Path, suite: str) -> list[Record]:
    """The readable records of a suite; none where it has none."""
    return Store(results).read(suite)[0]


def show_next_to(
    records: Sequence[Record], own: Collection[str], name: str, page: Path, console: Console
) -> None:
    """Print the row of samples that exist, with a record of these identities, among the best rows
    of a suite, whose board is on ``page``.
    """
    rankings = make_board("", records).rankings
    blocks = [block for each in rankings for block in next_to_best(each, own, name)]
    if page.is_file():
        blocks.append(Paragraph((f"All rows of the suite: {page}",)))
    terminal.show(blocks, console)


def read_rankings(results: Path, suite: str) -> list[Ranking]:
    """The tables of one board, appendix included, from the records that can be read."""
    _require_records(Store(results), [suite])
    records, damaged = Store(results).read(suite)
    for file in damaged:
        print(f"samplebench: {file}", file=sys.stderr)
    return assemble(records)


def read_boards(results: Path, suites: Sequence[str], read: Read | None = None) -> list[Board]:
    """The boards of these suites, or of all that have a readable record."""
    return _make_boards(Store(results), suites, read)


def read_board(results: Path, suite: str) -> Board:
    """The board of one suite, from the records that can be read.

    Raises:
        UsageError: it has none.
    """
    boards = _make_boards(Store(results), [suite], None)
    if not boards:
        raise UsageError(
            f"no record of {suite!r} in {results} can be read; see `samplebench show`"
        )
    return boards[0]


def render_pages(store: Store, board: Board) -> dict[Path, str]:
    """The pages of a board as markdown, by path."""
    with collect_later():
        pages = {
            store.board_path(board.suite): main_page(board),
            store.appendix_path(board.suite): appendix_page(board),
        }
        return {path: markdown.render(blocks) for path, blocks in pages.items() if blocks}


def _make_boards(store: Store, suites: Sequence[str], read: Read | None) -> list[Board]:
    """The boards of suites with a readable record."""
    _require_records(store, suites)
    boards = []
    for suite in suites or store.suites():
        records, _ = (read or store.read)(suite)
        if records:
            boards.append(
                make_board(
                    suite,
                    records,
                    pictures=store.pictures(suite),
                    commentary=store.commentary(suite),
                    about=store.read_about(suite),
                )
            )
    return boards


def _differing(store: Store, board: Board) -> list[Path]:
    folder = store.samples_folder(board.suite)
    pages = [
        path
        for path, text in render_pages(store, board).items()
        if not path.is_file() or path.read_bytes() != text.encode()
    ]
    montages = [
        folder / montage.file_name for montage in board.montages if not montage.is_current(folder)
    ]
    charts = [path for path, chart in _charts(store, board).items() if not is_current(chart, path)]
    return [*pages, *montages, *charts, *_surplus(store, board)]


def _charts(store: Store, board: Board) -> dict[Path, Chart]:
    """The plots of a board's page, by the paths of their files."""
    folder = store.plots_folder(board.suite)
    return {folder / f"{name}.svg": chart for name, chart in board.charts.items()}


def _surplus(store: Store, board: Board) -> list[Path]:
    """The pictures and the appendix of earlier records, which the board has no more."""
    shown = {montage.file_name for montage in board.montages}
    paths = [
        path
        for path in sorted(store.samples_folder(board.suite).glob("*.montage.png"))
        if path.name not in shown
    ]
    plots, folder = _charts(store, board), store.plots_folder(board.suite)
    paths += [path for path in sorted(folder.glob("*.svg")) if path not in plots]
    appendix = store.appendix_path(board.suite)
    return [*paths, appendix] if not board.appendix and appendix.exists() else paths


def _require_records(store: Store, suites: Sequence[str]) -> None:
    known = store.suites()
    if unknown := [suite for suite in suites if suite not in known]:
        there = ", ".join(known) or "none"
        raise UsageError(f"no records of {unknown[0]!r} are in {store.folder}; there are: {there}")
    if not known:
        raise UsageError(f"no records are in {store.folder}; name the folder with --results")
