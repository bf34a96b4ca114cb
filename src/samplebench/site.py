"""Boards as a static site: a page a board, an index, and the files that pages link to.

Plain text and pictures: no torch.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from samplebench.boards import Read, read_boards
from samplebench.catalogue import with_code
from samplebench.citing.bibliography import Bibliography
from samplebench.citing.cite import cite_excerpts
from samplebench.citing.parts import Installed
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


@dataclass(frozen=True)
class Knowledge:
    """The sentences, papers and BibTeX of the installed parts."""

    installed: Installed
    bibliography: Bibliography

    @property
    def texts(self) -> PartTexts:
        """The sentences that explain columns and rows."""
        return {
            part: PartText(with_code(row["about"]), row["reference"] or "")
            for part, row in self.installed.items()
        }


def write_site(
    results: Path,
    folder: Path,
    suites: Sequence[str],
    knowledge: Knowledge,
    read: Read | None = None,
) -> list[Path]:
    """Write the pages of these boards, or of all, and an index; return their paths.

    Plots, records and pictures are copied next to the pages, which link to them, and files to
    download are written there. What else is in the folder stays.

    Raises:
        UsageError: there are no such records.
        StorageError: a file could not be written.
    """
    store = Store(results)
    boards = read_boards(results, suites, read)
    pages = []
    for board in boards:
        companions = make_companions(store, board, knowledge)
        samples = store.samples_folder(board.suite)
        for download in companions.downloads:
            write_whole(folder / download.name, download.content)
        for plot in companions.plots:
            write_whole(folder / "plots" / board.suite / f"{plot.name}.svg", plot.svg)
        pages.append(folder / f"{board.suite}.html")
        write_whole(pages[-1], board_page(board, samples, knowledge.texts, companions))
        _copy(store.records_folder(board.suite), folder / "records" / board.suite)
        _copy(samples, folder / "samples" / board.suite)
    write_whole(folder / "index.html", index_page(boards))
    return [folder / "index.html", *pages]


def make_companions(store: Store, board: Board, knowledge: Knowledge) -> Companions:
    """Make what a page shows next to its tables: plots, files to take along, and a citation."""
    excerpts = make_excerpts([board], Selection())
    citation = cite_excerpts(
        store,
        excerpts,
        installed=knowledge.installed,
        bibliography=knowledge.bibliography,
    )
    files = (
        ("CSV", "csv", "text/csv", FORMATS["csv"](excerpts, False)),
        ("LaTeX", "tex", "application/x-tex", citation.table),
        ("BibTeX", "bib", "application/x-bibtex", citation.bibtex),
        ("JSON", "json", "application/json", FORMATS["json"](excerpts, False)),
    )
    return Companions(
        plots=_plots(store, board),
        downloads=tuple(
            Download(f"{board.suite}.{ending}", label, kind, text)
            for label, ending, kind, text in files
        ),
        setup=citation.setup,
        bibliography=citation.bibtex,
    )


def _plots(store: Store, board: Board) -> tuple[Plot, ...]:
    """The plots that the board has on disk; drawn anew where they are missing or outdated."""
    plots = []
    for name, chart in board.charts.items():
        path = store.plots_folder(board.suite) / f"{name}.svg"
        svg = path.read_bytes() if is_current(chart, path) else render(chart, ".svg")
        plots.append(Plot(name, chart.kind, chart.title, chart.description, chart.caption, svg))
    return tuple(plots)


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
