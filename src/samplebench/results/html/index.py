"""The index of a site: each board, its summary, its size and its age."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from markupsafe import Markup

from samplebench.results.blocks import Bullets
from samplebench.results.board import Board
from samplebench.results.formats import html
from samplebench.results.html.freshness import Freshness, describe_freshness
from samplebench.results.html.templates import fill
from samplebench.results.summary import summarise


@dataclass(frozen=True)
class _Listing:
    """A board as the index shows it."""

    suite: str
    about: str
    measures: str
    address: str
    summary: Markup
    freshness: Freshness


def index_page(boards: Sequence[Board]) -> str:
    """Make the page that leads to those of the boards, which stand next to it."""
    return fill("index.html", boards=[_list(board) for board in boards])


def _list(board: Board) -> _Listing:
    columns = [column for ranking in board.rankings for column in ranking.columns]
    titles = dict.fromkeys(each.title for each in columns if each.subject != "cost")
    lines = summarise(board.rankings, swept=bool(board.appendix))
    return _Listing(
        suite=board.suite,
        about=board.about or "",
        measures=", ".join(titles),
        address=quote(f"{board.suite}.html"),
        summary=html.render([Bullets(lines)] if lines else [], html.NOWHERE),
        freshness=describe_freshness(board),
    )
