"""The page of a board: one file with its tables, plots, samples, commentary and downloads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from markupsafe import Markup

from samplebench.results.agreement import describe_agreement
from samplebench.results.blocks import Bullets, Text, Written
from samplebench.results.board import Board
from samplebench.results.details import write_details
from samplebench.results.formats import html
from samplebench.results.html.details import GROUPS, PartTexts, add_details
from samplebench.results.html.downloads import Download
from samplebench.results.html.freshness import describe_freshness
from samplebench.results.html.pictures import data_address, embed
from samplebench.results.html.strips import Strips, find_strips, show_strips
from samplebench.results.html.templates import fill
from samplebench.results.legend import write_legend
from samplebench.results.notes import collect_notes
from samplebench.results.plots import Plot
from samplebench.results.ranking import Ranking
from samplebench.results.score_table import score_table
from samplebench.results.summary import summarise

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
    embedded = embed(samples, (name for strip in strips.values() for name in strip))
    origins: dict[str, int] = {}
    places = _find_places(board, strips, embedded, origins)
    sections = [
        _section(board, ranking, texts, places, name=f"scores-{number}")
        for number, ranking in enumerate(board.rankings, start=1)
    ]
    appendix = [
        _section(board, ranking, texts, places, name=f"swept-{number}")
        for number, ranking in enumerate(board.appendix, start=1)
    ]
    return fill(
        "board.html",
        scripts=("datatables/dataTables.min.js", "board.js"),
        board=board,
        records=places.link(f"records/{board.suite}"),
        summary=_bullets(summarise(board.rankings), places),
        freshness=describe_freshness(board),
        sections=sections,
        appendix=appendix,
        plots=[
            (plot.title, plot.description, data_address(plot.svg, "image/svg+xml"))
            for plot in companions.plots
        ],
        samples=show_strips(board, strips, embedded, places),
        commentary=html.render([Written(board.commentary)], places) if board.commentary else "",
        origins=list(origins),
        downloads=companions.downloads,
        setup=companions.setup,
        bibliography=companions.bibliography,
        glossary=_explain_parts(board, texts, places),
    )


@dataclass(frozen=True)
class _Section:
    """A table with its legend, as the template shows them."""

    name: str
    title: str
    table: Markup
    columns: list[tuple[int, str, str]]
    groups: list[str]
    autoencoders: list[str]
    meanings: list[tuple[Markup, Markup]]
    missing: Markup
    is_only_narrower: bool
    legend: Markup
    details: Markup


def _section(
    board: Board, ranking: Ranking, texts: PartTexts, places: html.Places, name: str
) -> _Section:
    notes = collect_notes(ranking)
    table = add_details(score_table(board.suite, ranking, notes), ranking, board.pictures, texts)
    about = list(zip(table.headings, table.about_columns, strict=True))[table.labels :]
    columns = [
        (place, html.line(heading, places).striptags(), column.group)
        for place, (heading, column) in enumerate(about, start=table.labels)
        if column.group
    ]
    legend = (*write_legend(ranking), *describe_agreement(ranking))
    return _Section(
        name=name,
        title=ranking.title,
        table=html.render([table], places),
        columns=columns,
        groups=[group for group in GROUPS.values() if group in {each[2] for each in columns}],
        autoencoders=list(dict.fromkeys(row.autoencoder for row in ranking.rows)),
        meanings=[
            (html.line(heading, places), html.line(column.meaning, places))
            for heading, column in about
        ],
        missing=_bullets([note.line for note in notes], places),
        is_only_narrower=any(
            each.alarm_is_relative for row in ranking.rows for each in row.alarms
        ),
        legend=_bullets(legend, places),
        details=_bullets(write_details(ranking), places),
    )


def _bullets(lines: Sequence[Text], places: html.Places) -> Markup:
    return html.render([Bullets(tuple(lines))] if lines else [], places)


def _find_places(
    board: Board, strips: Strips, embedded: Mapping[str, str], origins: dict[str, int]
) -> html.Places:
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
        picture=embedded.get,
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
