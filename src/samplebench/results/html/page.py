"""The page of a board: one file with its tables, plots, samples, commentary and downloads."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from markupsafe import Markup

from samplebench.results.blocks import Written
from samplebench.results.board import Board
from samplebench.results.formats import html
from samplebench.results.html.details import PartTexts
from samplebench.results.html.downloads import Download
from samplebench.results.html.freshness import describe_freshness
from samplebench.results.html.pictures import data_address, embed
from samplebench.results.html.sections import make_bullets, make_section
from samplebench.results.html.strips import Strips, find_strips, show_strips
from samplebench.results.html.templates import fill
from samplebench.results.plots import Plot
from samplebench.results.summary import summarise

LARGEST: Final = 2_900_000
"""Bytes of a page; pictures of samples for which it has no room are linked."""

_Part = tuple[str, Markup, str]


@dataclass(frozen=True)
class Companions:
    """Show these next to the tables of a board: plots, files to download, and how to cite it."""

    plots: tuple[Plot, ...] = ()
    downloads: tuple[Download, ...] = ()
    setup: str = ""
    bibliography: str = ""


def board_page(board: Board, samples: Path, texts: PartTexts, companions: Companions) -> str:
    """Make the page of a board.

    Args:
        samples: the folder with the pictures of its rows.
        texts: sentences on parts, which explain columns and rows.
    """
    strips = find_strips(board)
    origins: dict[str, int] = {}
    places = _find_places(board, strips, origins)
    content = _make_content(board, texts, companions, places) | {"origins": list(origins)}
    bare = _fill(board, content | {"samples": show_strips(board, strips, {}, places)})
    names = (name for strip in strips.values() for name in strip)
    embedded = embed(samples, names, budget=LARGEST - len(bare.encode()))
    return _fill(board, content | {"samples": show_strips(board, strips, embedded, places)})


def _fill(board: Board, content: dict[str, Any]) -> str:
    scripts = ("datatables/dataTables.min.js", "board.js")
    return fill("board.html", scripts=scripts, board=board, **content)


def _make_content(
    board: Board, texts: PartTexts, companions: Companions, places: html.Places
) -> dict[str, Any]:
    """Make what the template shows, by name, without the samples."""
    return {
        "records": places.link(f"records/{board.suite}"),
        "summary": make_bullets(summarise(board.rankings, swept=bool(board.appendix)), places),
        "freshness": describe_freshness(board),
        "sections": [
            make_section(board, ranking, texts, places, name=f"scores-{number}")
            for number, ranking in enumerate(board.rankings, start=1)
        ],
        "appendix": [
            make_section(board, ranking, texts, places, name=f"swept-{number}")
            for number, ranking in enumerate(board.appendix, start=1)
        ],
        "plots": [
            (plot.title, plot.description, data_address(plot.svg, "image/svg+xml"))
            for plot in companions.plots
        ],
        "commentary": html.render([Written(board.commentary)] if board.commentary else [], places),
        "downloads": companions.downloads,
        "setup": companions.setup,
        "bibliography": companions.bibliography,
        "glossary": _explain_parts(board, texts, places),
    }


def _find_places(board: Board, strips: Strips, origins: dict[str, int]) -> html.Places:
    """Find what the board names among the sections of the page and the files next to it."""
    names = [name for strip in strips.values() for name in strip]
    anchors = {name: f"samples-{number}" for number, name in enumerate(names, start=1)}
    inside = {
        f"{board.suite}.md": "#top",
        f"{board.suite}.appendix.md": "#swept",
        f"commentary/{board.suite}.md": "#commentary",
    }
    return html.Places(
        link=lambda path: inside.get(path, quote(path)),
        anchor=anchors.get,
        origin=lambda origin: origins.setdefault(origin, len(origins) + 1),
    )


def _explain_parts(
    board: Board, texts: PartTexts, places: html.Places
) -> list[tuple[str, list[_Part]]]:
    """The autoencoders and samplers of the board of which something is known, by kind."""
    records = [record for ranking in board.rankings for record in ranking.records]
    names = {
        "autoencoder": {record.autoencoder.name for record in records},
        "sampler": {record.sampler.name for record in records if record.sampler},
    }
    found = {
        kind: [
            (name, html.line(text.about, places), text.reference)
            for name in sorted(those)
            if (text := texts.get((kind, name)))
        ]
        for kind, those in names.items()
    }
    return [(f"{kind.capitalize()}s", those) for kind, those in found.items() if those]
