"""Excerpts: tables of a board to take along, into a paper or another program."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from samplebench.results.blocks import (
    Block,
    Bullets,
    Code,
    Heading,
    Link,
    Paragraph,
    Run,
    Table,
    Text,
    join,
)
from samplebench.results.board import Board
from samplebench.results.few_samples import explain_few_samples
from samplebench.results.labels import list_distinct
from samplebench.results.legend import (
    SCORES,
    describe_content,
    explain_bold,
    explain_marks_of_rows,
)
from samplebench.results.notes import collect_notes
from samplebench.results.ranking import Ranking
from samplebench.results.score_table import score_table
from samplebench.results.selection import Selection

_TEST: Final = (
    "The test is by the studentized range: blocked, between Tukey's and that of Games and Howell, "
    "and the latter where seeds do not shift all rows alike."
)


@dataclass(frozen=True)
class Excerpt:
    """Some rows and columns of one table of a suite, and the whole of it, which decides what is
    bold.
    """

    suite: str
    shown: Ranking
    whole: Ranking

    @property
    def title(self) -> str:
        """The suite and the dataset; both once where they have one name."""
        return ": ".join(dict.fromkeys((self.suite, self.whole.title)))


def make_excerpts(boards: Sequence[Board], selection: Selection) -> list[Excerpt]:
    """The tables of these boards that have what was selected, without those of an appendix.

    Raises:
        UsageError: a pattern fits nothing, or no row is left.
    """
    wholes = {(board.suite, each.title): each for board in boards for each in board.rankings}
    return [
        Excerpt(suite, shown, wholes[suite, title])
        for (suite, title), shown in zip(
            wholes, selection.narrow(list(wholes.values())), strict=True
        )
        if shown.rows and shown.columns
    ]


def excerpt_blocks(excerpt: Excerpt, *, transposed: bool = False) -> list[Block]:
    """A heading, the table, how to read it in paragraphs, and what its marks mean in a list."""
    notes = collect_notes(excerpt.shown)
    table = _without_links(score_table(excerpt.suite, excerpt.shown, notes))
    rule, *more_rules = explain_bold(excerpt.whole)
    return [
        Heading((excerpt.title,), level=2),
        transpose(table) if transposed else table,
        *(Paragraph(text) for text in _describe_reading(excerpt, rule)),
        Bullets(
            (
                *(more_rules if _has_bold(excerpt.shown) else ()),
                *explain_marks_of_rows(excerpt.shown),
                *(note.line for note in notes),
                *explain_few_samples(excerpt.shown),
                *describe_content(excerpt.shown),
            )
        ),
    ]


def transpose(table: Table) -> Table:
    """The table with a row for each score, and a column for each row that it had.

    Where all rows share the first label, it stays one.
    """
    kept = 1 if len({row[0] for row in table.rows}) == 1 else 0
    names = [join(row[kept : table.labels], " × ") for row in table.rows]
    rows = tuple(
        (*table.rows[0][:kept], table.headings[place], *(row[place] for row in table.rows))
        for place in range(table.labels, len(table.headings))
    )
    return Table((*table.headings[:kept], ("score",), *names), rows, labels=kept + 1)


def _without_links(table: Table) -> Table:
    """The table with the words of links alone: their files lie beside the board's own page."""
    rows = tuple(tuple(tuple(map(_without_link, text)) for text in row) for row in table.rows)
    return replace(table, rows=rows)


def _without_link(run: Run) -> Run:
    return run.text if isinstance(run, Link) else run


def _describe_reading(excerpt: Excerpt, rule: Text) -> Iterator[Text]:
    """Explain scores and bold ones, with the number of seeds, and name the rest."""
    seeds = list_distinct(str(row.n) for row in excerpt.shown.rows if row.n)
    yield (f"{SCORES} n = {seeds}." if seeds else SCORES,)
    if _has_bold(excerpt.shown) or not _has_bold(excerpt.whole):
        yield rule
    if _has_bold(excerpt.shown):
        yield (_TEST,)
    yield from _describe_choice(excerpt)


def _describe_choice(excerpt: Excerpt) -> Iterator[Text]:
    """Name the part of the board that is shown, and say that it changes nothing in bold."""
    shown, whole = excerpt.shown, excerpt.whole
    counts = [
        f"{len(some)} of {len(every)} {what}"
        for what, some, every in (
            ("rows", shown.rows, whole.rows),
            ("scores", shown.columns, whole.columns),
        )
        if len(some) < len(every)
    ]
    if not counts:
        return
    bold = "what is bold is decided on the whole board"
    if _has_bold(whole) and not _has_bold(shown):
        bold += ", and none of it is shown"
    yield (f"Shown are {' and '.join(counts)} of the board ", Code(excerpt.suite), f"; {bold}.")


def _has_bold(ranking: Ranking) -> bool:
    return any(entry.bold for row in ranking.rows for entry in row.entries)
