"""Sections of a page: a table with its controls, the meanings of its columns, and its legend."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from samplebench.results.agreement import describe_agreement
from samplebench.results.blocks import Bullets, Text
from samplebench.results.board import Board
from samplebench.results.details import write_details
from samplebench.results.formats import html
from samplebench.results.html.details import GROUPS, PartTexts, add_details
from samplebench.results.legend import write_legend
from samplebench.results.notes import collect_notes
from samplebench.results.ranking import Ranking
from samplebench.results.score_table import score_table


@dataclass(frozen=True)
class Section:
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


def make_section(
    board: Board, ranking: Ranking, texts: PartTexts, places: html.Places, name: str
) -> Section:
    """Make the section of a ranking; ``name`` is its id on the page."""
    notes = collect_notes(ranking)
    table = add_details(score_table(board.suite, ranking, notes), ranking, board.pictures, texts)
    about = list(zip(table.headings, table.about_columns, strict=True))[table.labels :]
    columns = [
        (place, html.line(heading, places).striptags(), column.group)
        for place, (heading, column) in enumerate(about, start=table.labels)
        if column.group
    ]
    legend = (*write_legend(ranking), *describe_agreement(ranking))
    return Section(
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
        missing=make_bullets([note.line for note in notes], places),
        is_only_narrower=any(
            each.alarm_is_relative for row in ranking.rows for each in row.alarms
        ),
        legend=make_bullets(legend, places),
        details=make_bullets(write_details(ranking), places),
    )


def make_bullets(lines: Sequence[Text], places: html.Places) -> Markup:
    """Make a list of lines; nothing of none."""
    return html.render([Bullets(tuple(lines))] if lines else [], places)
