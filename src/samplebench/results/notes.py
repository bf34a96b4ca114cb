"""Notes under a table: the scores and rows that are missing, and the reasons."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from samplebench.results.blocks import Code, Text, join
from samplebench.results.labels import list_distinct
from samplebench.results.ranking import Problem, Ranking, Row

_LONGEST_REASON: Final = 800
_NUMBER: Final = re.compile(r"(?<![\w.])-?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?(?![\w.]*\w)")
"""A number that is a word of its own, not a part of a name."""
_SUPERSCRIPTS: Final = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Note:
    """A sentence about some seeds of rows, or of their scores.

    ``places`` are rows and columns of the ranking; without a column it is about a whole row.
    """

    number: int
    places: frozenset[tuple[int, int | None]]
    text: Text

    @property
    def mark(self) -> str:
        return str(self.number).translate(_SUPERSCRIPTS)

    @property
    def line(self) -> Text:
        return (f"{self.mark} ", *self.text)


def collect_notes(ranking: Ranking) -> list[Note]:
    """Every reason why something is missing, from the top of the table down, each once."""
    places: dict[str, list[tuple[int, int | None]]] = {}
    for row, entries in enumerate(ranking.rows):
        for column, text in (*_about_row(entries), *_about_scores(entries)):
            places.setdefault(text, []).append((row, column))
    return [
        Note(number, frozenset(those), (*_name_places(ranking, those), f": {text}"))
        for number, (text, those) in enumerate(places.items(), start=1)
    ]


def join_marks(notes: Iterable[Note], *, row: int, column: int | None) -> str:
    """The marks of the notes on a score, or on a row as a whole."""
    return " ".join(note.mark for note in notes if (row, column) in note.places)


def _about_row(row: Row) -> Iterable[tuple[None, str]]:
    seeds: dict[tuple[str, str], list[int]] = {}
    for record in row.unmeasured:
        seeds.setdefault((record.outcome, record.reason or ""), []).append(record.seed)
    for (outcome, reason), those in sorted(seeds.items()):
        yield None, f"{outcome}, {_shorten(reason)} ({_name_seeds(those)})"


def _about_scores(row: Row) -> Iterable[tuple[int, str]]:
    for column, entry in enumerate(row.entries):
        alike: dict[str, list[Problem]] = {}
        for problem in entry.problems:
            alike.setdefault(_NUMBER.sub("#", problem.text), []).append(problem)
        for _, those in sorted(alike.items()):
            text = _shorten(_merge_numbers([problem.text for problem in those]))
            yield column, f"{text} ({_name_seeds(problem.seed for problem in those)})"


def _merge_numbers(texts: Sequence[str]) -> str:
    """Make one text of several that differ only in numbers: ``36 to 38 % of held-out latents``."""
    positions = zip(*(_NUMBER.findall(text) for text in texts), strict=True)
    ranges = iter([_describe_range(set(numbers)) for numbers in positions])
    return _NUMBER.sub(lambda _: next(ranges), texts[0])


def _describe_range(numbers: Collection[str]) -> str:
    low, *rest = sorted(numbers, key=lambda number: float(number.replace(",", "")))
    return f"{low} to {rest[-1]}" if rest else low


def _name_places(ranking: Ranking, places: Iterable[tuple[int, int | None]]) -> Text:
    """The rows that lack the same columns, with these: ``ae × gmm, FD, NLL; vae × gmm, FD``."""
    columns: dict[int, list[str]] = {}
    for row, column in places:
        titles = columns.setdefault(row, [])
        titles += [] if column is None else [ranking.columns[column].title]
    rows: dict[tuple[str, ...], list[Row]] = {}
    for row, titles in columns.items():
        rows.setdefault(tuple(titles), []).append(ranking.rows[row])
    groups = [
        (*_name_rows(those), "".join(f", {t}" for t in titles)) for titles, those in rows.items()
    ]
    return join(groups, "; ")


def _name_rows(rows: Iterable[Row]) -> Text:
    """The samplers of each autoencoder: ``ae × gmm, kde; vae × gmm``."""
    names: dict[str, list[Text]] = {}
    for row in rows:
        name = Code(row.name) if row.kind in ("sampler", "control") else row.name
        names.setdefault(row.autoencoder, []).append((name,))
    return join(((Code(name), " × ", *join(those, ", ")) for name, those in names.items()), "; ")


def _shorten(reason: str) -> str:
    """A reason on one line, cut to a length that can be read."""
    line = " ".join(reason.split())
    return f"{line[: _LONGEST_REASON - 1].rstrip()}…" if len(line) > _LONGEST_REASON else line


def _name_seeds(seeds: Iterable[int]) -> str:
    numbers = list_distinct(map(str, seeds))
    return f"{'seeds' if ',' in numbers else 'seed'} {numbers}"
