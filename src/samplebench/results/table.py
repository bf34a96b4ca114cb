"""The table of a board as data: rows, columns, and cells with their values over seeds.

What is shown, and beside what; never how. ``assembly`` makes tables from records, ``marking``
marks what stands out, ``leaderboard`` writes them as markdown.
"""

from dataclasses import dataclass
from typing import Final, Literal

from samplebench.results.record import FeaturesRecord, Record
from samplebench.results.statistics import Summary
from samplebench.vocabulary import Direction, Subject

Kind = Literal["floor", "reconstruction", "control", "sampler"]

KINDS: Final = ("floor", "reconstruction", "control", "sampler")
SUBJECTS: Final = ("images", "latents", "autoencoder", "cost")
"""Rows of a group and columns of a table come in these orders."""


@dataclass(frozen=True)
class Column:
    """One metric, where it needs one in one feature space. ``title`` is unique in a table, and
    ``key`` is what the scores in it have as ``Score.column``.
    """

    key: tuple[str, str, str]
    title: str
    unit: str
    better: Direction
    subject: Subject
    alarm: float | None
    features: FeaturesRecord | None


@dataclass(frozen=True)
class Problem:
    """Why a score has no value for one seed."""

    text: str
    seed: int


@dataclass(frozen=True)
class Cell:
    """The values of one figure over seeds, and the problems of seeds without one."""

    values: tuple[float, ...] = ()
    problems: tuple[Problem, ...] = ()
    bold: bool = False

    @property
    def summary(self) -> Summary | None:
        return Summary.of(self.values) if self.values else None


@dataclass(frozen=True)
class Row:
    """One autoencoder with one sampler, or a reference in the sampler's place.

    ``measured`` and ``unmeasured`` hold one record a seed, by seed; a floor row has those that it
    is taken from. There is a cell a column. ``alarms`` are the columns that warn of this row.
    """

    autoencoder: str
    name: str
    kind: Kind
    measured: tuple[Record, ...]
    unmeasured: tuple[Record, ...]
    cells: tuple[Cell, ...]
    alarms: tuple[Column, ...] = ()

    @property
    def n(self) -> int:
        return len(self.measured)


@dataclass(frozen=True)
class Table:
    """All rows that may be compared: those of one dataset under one protocol.

    ``conditions`` are the protocol and the data; ``differs`` are those of them in which the
    suite's other tables of the same dataset differ.
    """

    dataset: str
    conditions: dict[str, str]
    differs: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    @property
    def records(self) -> list[Record]:
        """Every record, each once."""
        rows = [row for row in self.rows if row.kind != "floor"]
        return [record for row in rows for record in (*row.measured, *row.unmeasured)]

    @property
    def measured(self) -> list[Record]:
        """The records that figures come from."""
        return [record for record in self.records if was_measured(record)]


def was_measured(record: Record) -> bool:
    """Whether the record has figures, be it not all that were asked for."""
    return record.status in ("measured", "incomplete")
