"""The pages of a board as blocks: its tables with their legends, samples and commentary."""

from collections.abc import Collection, Iterable, Iterator
from typing import Final

from samplebench.results.agreement import describe_agreement
from samplebench.results.blocks import (
    Block,
    Bullets,
    Code,
    Heading,
    Link,
    Paragraph,
    Picture,
    Text,
    Written,
    join,
)
from samplebench.results.board import Board
from samplebench.results.details import write_details
from samplebench.results.legend import explain_marks, write_legend
from samplebench.results.montage import picture_of_row
from samplebench.results.notes import Note, collect_notes
from samplebench.results.ranking import Ranking
from samplebench.results.score_table import score_table
from samplebench.results.summary import summarise

MORE: Final = "<!-- more -->"
"""The line of a commentary below which the board only links to it."""


def main_page(board: Board) -> list[Block]:
    """The page of a suite: the tables without the appendix, plots, samples, and the commentary."""
    return [
        Heading((board.suite,), level=1),
        *([Paragraph((board.about,))] if board.about else []),
        *_summary(board),
        Paragraph(_describe_source(board)),
        *(block for ranking in board.rankings for block in _section(board, ranking)),
        *_plots(board),
        *_samples(board),
        *_commentary(board),
    ]


def appendix_page(board: Board) -> list[Block]:
    """The page of swept settings; empty where the suite has none."""
    if not board.appendix:
        return []
    rest = "Settings that were swept, among the other rows of their samplers. The board is "
    return [
        Heading((f"{board.suite}: appendix",), level=1),
        Paragraph((rest, Link(board.suite, f"{board.suite}.md"), ".")),
        *(block for ranking in board.appendix for block in _section(board, ranking)),
    ]


def terminal_page(board: Board, path: str, *, asked: Collection[str] | None = None) -> list[Block]:
    """The tables of quality for a terminal; ``path`` is that of the page with all the rest.

    Args:
        asked: the identities of the records whose rows are shown; ``None`` for all.
    """
    shown = list(board.rankings)
    if asked is not None:
        shown = [part for each in board.rankings if (part := each.of(asked)).rows]
    more = sum(len(each.rows) for each in board.rankings) - sum(len(each.rows) for each in shown)
    rest = (
        f", and {more} more row{'s' if more > 1 else ''}, which this command did not ask for"
        if more
        else ""
    )
    return [
        *(block for ranking in shown for block in _short_section(board, ranking)),
        *_summary(board),
        Paragraph((f"Costs, how to read the scores, provenance and samples{rest}: {path}",)),
    ]


def _summary(board: Board) -> Iterator[Block]:
    """The sentences that a reader in a hurry reads."""
    yield Bullets(summarise(board.rankings, swept=bool(board.appendix)))


def _describe_source(board: Board) -> Text:
    """The command that measures the board, and the files that it is made of."""
    suite, folder = board.suite, f"records/{board.suite}"
    asked = (
        (" (", Link("suite.toml", f"{folder}/suite.toml"), ")") if board.about is not None else ()
    )
    appendix = (
        (" Settings that were swept are in ", Link("the appendix", f"{suite}.appendix.md"), ".")
        if board.appendix
        else ()
    )
    return (
        "Measured by ",
        Code(f"samplebench run --suite {suite}"),
        *asked,
        " and made by ",
        Code(f"samplebench leaderboard {suite}"),
        " from the ",
        Link("records", folder),
        "; do not edit.",
        *appendix,
    )


def _section(board: Board, ranking: Ranking) -> Iterator[Block]:
    """A table with its heading, notes, legend and details."""
    notes = collect_notes(ranking)
    yield Heading((ranking.title,), level=2)
    yield score_table(board.suite, ranking, notes)
    yield from _not_measured(notes)
    yield Paragraph(("How to read it:",))
    yield Bullets((*write_legend(ranking), *describe_agreement(ranking)))
    yield Paragraph(("Details:",))
    yield Bullets(write_details(ranking))


def _short_section(board: Board, ranking: Ranking) -> Iterator[Block]:
    """A table without costs, with its notes and marks."""
    quality = ranking.without("cost")
    notes = collect_notes(quality)
    names = dict.fromkeys((board.suite, ranking.title))
    yield Heading((": ".join(names),), level=2)
    yield score_table(board.suite, quality, notes)
    yield from _not_measured(notes)
    yield Bullets(explain_marks(quality))


def _not_measured(notes: Iterable[Note]) -> Iterator[Block]:
    if lines := tuple(note.line for note in notes):
        yield Paragraph(("Not measured:",))
        yield Bullets(lines)


def _plots(board: Board) -> Iterator[Block]:
    """The plots of the tables, each with what is seen in it."""
    if board.charts:
        yield Heading(("Plots",), level=2)
    for name, chart in board.charts.items():
        yield Picture(f"plots/{board.suite}/{name}.svg", chart.description)


def _samples(board: Board) -> Iterator[Block]:
    """The montages, and links to the pictures of rows in the appendix."""
    if not board.montages:
        return
    yield Heading(("Samples",), level=2)
    yield Paragraph(("The first images of each row, for its first seed.",))
    for montage in board.montages:
        names = ", ".join(strip.name for strip in montage.strips)
        yield Picture(
            _sample(board, montage.file_name),
            f"Samples of {montage.title}, from top to bottom: {names}",
        )
    yield from _links_of_appendix(board)


def _links_of_appendix(board: Board) -> Iterator[Block]:
    """One line: the pictures of the swept settings, by autoencoder."""
    links: dict[str, list[Text]] = {}
    for row in (row for ranking in board.appendix for row in ranking.rows):
        picture = picture_of_row(row, board.pictures)
        if picture and row.kind == "sampler" and all(each.appendix for each in row.measured):
            link = Link(row.name, _sample(board, picture))
            links.setdefault(row.autoencoder, []).append((link,))
    if links:
        groups = [(f"{name}: ", *join(those, ", ")) for name, those in links.items()]
        yield Paragraph(("Swept settings of ", *join(groups, "; of "), "."))


def _sample(board: Board, name: str) -> str:
    return f"samples/{board.suite}/{name}"


def _commentary(board: Board) -> Iterator[Block]:
    """The only part of a page that is written by hand, named as such."""
    if not board.commentary:
        return
    source = Link("commentary", f"commentary/{board.suite}.md")
    shown, _, rest = board.commentary.partition(MORE)
    yield Heading(("Commentary",), level=2)
    yield Paragraph(("Written by hand, in ", source, ", about the scores above."))
    yield Written(shown.strip())
    if rest.strip():
        yield Paragraph(("More on this, with tables of differences: ", source, "."))
