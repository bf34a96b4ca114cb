"""The block of a ranking: a line a row, a cell a score."""

from collections.abc import Sequence

from samplebench.results.blocks import Code, Link, Strong, Table, Text
from samplebench.results.notes import Note, join_marks
from samplebench.results.ranking import Column, Entry, Ranking, Row
from samplebench.results.score_text import format_score
from samplebench.results.states import mark_of


def score_table(suite: str, ranking: Ranking, notes: Sequence[Note]) -> Table:
    """Make the table of a ranking; ``notes`` give the marks of what has no score."""
    rows = tuple(
        (
            (Code(row.autoencoder),),
            name_row(row),
            _link_seeds(suite, row, mark_of(row), join_marks(notes, row=place, column=None)),
            *_scores(row, place, notes),
        )
        for place, row in enumerate(ranking.rows)
    )
    headings = (("autoencoder",), ("sampler",), ("n",), *map(_heading, ranking.columns))
    return Table(headings, rows, labels=2)


def _heading(column: Column) -> Text:
    unit = f" [{column.unit}]" if column.unit else ""
    return (f"{column.title}{unit} {column.arrow}",)


def name_row(row: Row) -> Text:
    """The name of a row, with what it is if it does not compete, and ‡ where it copies."""
    alarm = " ‡" if row.alarms else ""
    names: dict[str, Text] = {
        "floor": ("real data (floor)",),
        "reconstruction": ("reconstruction",),
        "control": (Code(row.name), f" (control){alarm}"),
        "sampler": (Code(row.name), alarm),
    }
    return names[row.kind]


def _link_seeds(suite: str, row: Row, *marks: str) -> Text:
    """The number of seeds that were measured, with a link to the record of the first one."""
    first = (*row.measured, *row.unmeasured)[0]
    link = Link(str(row.n), f"records/{suite}/{first.autoencoder.name}/{first.file_name}")
    return (link, *(f" {mark}" for mark in marks if mark))


def _scores(row: Row, place: int, notes: Sequence[Note]) -> list[Text]:
    """The scores of a row. One that was never measured says why in the place of the first."""
    seeds = 0 if row.kind == "floor" else row.n  # the values of a floor are of subsets
    texts = [
        _score(entry, seeds, join_marks(notes, row=place, column=column))
        for column, entry in enumerate(row.entries)
    ]
    if row.n == 0 and texts:
        outcomes = sorted({record.outcome for record in row.unmeasured})
        texts[0] = (f"{' and '.join(outcomes)} {join_marks(notes, row=place, column=None)}",)
    return texts


def _score(entry: Entry, seeds: int, mark: str) -> Text:
    """Mean and std; the number of seeds, where the row has more; a dash for no value."""
    after = f" {mark}" if mark else ""
    if entry.summary is None:
        return (f"—{after}",)
    text = format_score(entry.summary)
    fewer = f" (n = {entry.summary.n})" if entry.summary.n < seeds else ""
    return (Strong(text) if entry.bold else text, fewer + after)
