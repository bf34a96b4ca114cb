"""Notes under a table: the scores and rows that are missing, and the reasons."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from samplebench.results.blocks import Code, Text
from samplebench.results.labels import list_distinct
from samplebench.results.ranking import Ranking, Row

_LONGEST_REASON: Final = 800
_SUPERSCRIPTS: Final = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Note:
    """A sentence about some seeds of a row, or of one of its scores.

    ``row`` and ``column`` are places in the ranking; without a column it is about the whole row.
    """

    number: int
    row: int
    column: int | None
    text: Text

    @property
    def mark(self) -> str:
        return str(self.number).translate(_SUPERSCRIPTS)

    @property
    def line(self) -> Text:
        return (f"{self.mark} ", *self.text)


def collect_notes(ranking: Ranking) -> list[Note]:
    """Every reason why something is missing, from the top of the table down."""
    reasons = [
        (place, column, text)
        for place, row in enumerate(ranking.rows)
        for column, text in (*_about_row(row), *_about_scores(row, ranking))
    ]
    return [Note(number, *reason) for number, reason in enumerate(reasons, start=1)]


def join_marks(notes: Iterable[Note], *, row: int, column: int | None) -> str:
    """The marks of the notes on a score, or on a row as a whole."""
    return " ".join(note.mark for note in notes if (note.row, note.column) == (row, column))


def _about_row(row: Row) -> Iterable[tuple[None, Text]]:
    seeds: dict[tuple[str, str], list[int]] = {}
    for record in row.unmeasured:
        seeds.setdefault((record.status, record.reason or ""), []).append(record.seed)
    for (status, reason), those in sorted(seeds.items()):
        yield None, (*_name(row), f": {status}, {_shorten(reason)} ({_name_seeds(those)})")


def _about_scores(row: Row, ranking: Ranking) -> Iterable[tuple[int, Text]]:
    for place, (column, entry) in enumerate(zip(ranking.columns, row.entries, strict=True)):
        seeds: dict[str, list[int]] = {}
        for problem in entry.problems:
            seeds.setdefault(problem.text, []).append(problem.seed)
        for text, those in sorted(seeds.items()):
            about = f", {column.title}: {_shorten(text)} ({_name_seeds(those)})"
            yield place, (*_name(row), about)


def _name(row: Row) -> Text:
    name = Code(row.name) if row.kind in ("sampler", "control") else row.name
    return Code(row.autoencoder), " × ", name


def _shorten(reason: str) -> str:
    """A reason on one line, cut to a length that can be read."""
    line = " ".join(reason.split())
    return f"{line[: _LONGEST_REASON - 1].rstrip()}…" if len(line) > _LONGEST_REASON else line


def _name_seeds(seeds: Iterable[int]) -> str:
    numbers = list_distinct(map(str, seeds))
    return f"{'seeds' if ',' in numbers else 'seed'} {numbers}"
