"""Samples on a page: a picture a row, in groups of one autoencoder."""

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from samplebench.results.board import Board
from samplebench.results.formats import html
from samplebench.results.montage import picture_of_row
from samplebench.results.ranking import Row
from samplebench.results.score_table import name_row

Strips = Mapping[tuple[str, str], Mapping[str, Row]]
"""By the title of a ranking and the autoencoder: the rows with a picture, by its file name."""


@dataclass(frozen=True)
class Strip:
    """The picture of a row: its content as an address, or ``None`` where it is linked."""

    anchor: str
    name: Markup
    words: str
    order: str
    address: str | None
    link: str


def find_strips(board: Board) -> dict[tuple[str, str], dict[str, Row]]:
    """Find the rows with a picture, each picture once; those of the board come first."""
    strips: dict[tuple[str, str], dict[str, Row]] = {}
    seen: set[str] = set()
    for ranking in (*board.rankings, *board.appendix):
        for row in (row for row in ranking.rows if row.kind != "floor"):
            picture = picture_of_row(row, board.pictures)
            if picture and picture not in seen:
                seen.add(picture)
                strips.setdefault((ranking.title, row.autoencoder), {})[picture] = row
    return strips


def show_strips(
    board: Board, strips: Strips, embedded: Mapping[str, str], places: html.Places
) -> list[tuple[str, list[Strip]]]:
    """Make the strips of each autoencoder, with the name of the group."""
    several = len({title for title, _ in strips}) > 1
    return [
        (
            f"{title}, {autoencoder}" if several else autoencoder,
            [
                Strip(
                    anchor=places.anchor(picture) or "",
                    name=html.line(name_row(row), places),
                    words=_describe(row),
                    order=" below, held-out samples above" if row.kind == "reconstruction" else "",
                    address=embedded.get(picture),
                    link=places.link(f"samples/{board.suite}/{picture}"),
                )
                for picture, row in rows.items()
            ],
        )
        for (title, autoencoder), rows in strips.items()
    ]


def _describe(row: Row) -> str:
    """Say in words what a picture shows."""
    if row.kind == "reconstruction":
        return f"Held-out samples, and below them what {row.autoencoder} makes of them"
    return f"Samples that {row.autoencoder} decodes from draws of {row.name}"
