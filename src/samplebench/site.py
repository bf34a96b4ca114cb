"""Boards as a static site: a page a board, an index, and the files that pages link to.

Plain text and pictures: no torch.
"""

import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from samplebench.boards import read_boards
from samplebench.catalogue import with_code
from samplebench.errors import StorageError
from samplebench.results.board import Board
from samplebench.results.excerpt import make_excerpts
from samplebench.results.formats.choice import FORMATS
from samplebench.results.html.details import PartText, PartTexts
from samplebench.results.html.downloads import Download
from samplebench.results.html.index import index_page
from samplebench.results.html.page import Companions, board_page
from samplebench.results.plots import Plot
from samplebench.results.plots.files import is_current, render
from samplebench.results.selection import Selection
from samplebench.results.store import Store, write_whole

_FILES: Final = (
    ("csv", "CSV", "csv", "text/csv"),
    ("latex", "LaTeX", "tex", "application/x-tex"),
    ("json", "JSON", "json", "application/json"),
)
"""The formats of files on a page: name, label, ending and media type."""


def write_site(results: Path, folder: Path, suites: Sequence[str], texts: PartTexts) -> list[Path]:
    """Write the pages of these boards, or of all, and an index; return their paths.

    Records and pictures are copied next to the pages, which link to them. What else is in the
    folder stays.
    """
    store = Store(results)
    boards = read_boards(results, suites)
    pages = []
    for board in boards:
        companions = make_companions(store, board)
        samples = store.samples_folder(board.suite)
        for download in companions.downloads:
            write_whole(folder / download.name, download.content)
        pages.append(folder / f"{board.suite}.html")
        write_whole(pages[-1], board_page(board, samples, texts, companions))
        _copy(store.records_folder(board.suite), folder / "records" / board.suite)
        _copy(samples, folder / "samples" / board.suite)
    write_whole(folder / "index.html", index_page(boards))
    return [folder / "index.html", *pages]


def make_companions(store: Store, board: Board) -> Companions:
    """Make what a page shows next to its tables: plots, and files to take along."""
    excerpts = make_excerpts([board], Selection())
    downloads = [
        Download(f"{board.suite}.{ending}", label, kind, FORMATS[name](excerpts, False))
        for name, label, ending, kind in _FILES
    ]
    return Companions(plots=_plots(store, board), downloads=tuple(downloads))


def _plots(store: Store, board: Board) -> tuple[Plot, ...]:
    """The plots that the board has on disk; drawn anew where they are missing or outdated."""
    plots = []
    for name, chart in board.charts.items():
        path = store.plots_folder(board.suite) / f"{name}.svg"
        svg = path.read_bytes() if is_current(chart, path) else render(chart, ".svg")
        plots.append(Plot(name, chart.kind, chart.title, chart.description, chart.caption, svg))
    return tuple(plots)


def texts_of(rows: Iterable[Mapping[str, Any]]) -> PartTexts:
    """The sentences on the installed parts, from the rows that list them."""
    return {
        (row["kind"], row["name"]): PartText(with_code(row["about"]), row["reference"] or "")
        for row in rows
        if "settings" in row
    }


def _copy(source: Path, target: Path) -> None:
    """Copy a folder, unless it is in its place; a suite without pictures has none to copy."""
    if not source.is_dir() or source.resolve() == target.resolve():
        return
    try:
        shutil.copytree(source, target, dirs_exist_ok=True)
    except (OSError, shutil.Error) as error:
        raise StorageError(
            f"{source} could not be copied to {target} ({error}); make room or name another folder"
        ) from error
