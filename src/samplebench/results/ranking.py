"""A ranking: the rows, columns and scores of one table of a board, as data.

It says what is shown next to what, and never how. ``assembly`` makes rankings from records,
``marking`` marks what stands out, and ``score_table`` makes a block of text cells.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, Literal

from samplebench.results.record import FeaturesRecord, Record
from samplebench.results.statistics import Summary
from samplebench.vocabulary import Direction, Subject

RowKind = Literal["floor", "reconstruction", "control", "sampler"]

ROW_KINDS: Final = ("floor", "reconstruction", "control", "sampler")
SUBJECTS: Final = ("images", "latents", "autoencoder", "cost")
"""The rows of an autoencoder and the columns of a ranking come in these orders."""


@dataclass(frozen=True)
class Column:
    """One metric, where it needs one in one feature space. ``title`` is unique in a ranking, and
    ``key`` is what the scores in it have as ``Score.column``. ``alarm_is_relative`` is true of an
    alarm in earlier records, a multiple of the reconstruction row's score.
    """

    key: tuple[str, str, str]
    title: str
    unit: str
    better: Direction
    subject: Subject
    diagnostic: bool
    alarm: float | None
    alarm_is_relative: bool
    features: FeaturesRecord | None

    @property
    def by_ratio(self) -> bool:
        """True for costs and distances, which have no unit and are better low."""
        return self.subject == "cost" or (self.better == "lower" and not self.unit)

    @property
    def arrow(self) -> str:
        """The direction that is better."""
        return "↓" if self.better == "lower" else "↑"


@dataclass(frozen=True)
class Problem:
    """The reason why a score has no value for one seed."""

    text: str
    seed: int


@dataclass(frozen=True)
class Entry:
    """The values of one score of a row over seeds, and the problems of seeds without one."""

    values: tuple[float, ...] = ()
    seeds: tuple[int, ...] = ()
    problems: tuple[Problem, ...] = ()
    bold: bool = False

    @property
    def by_seed(self) -> Mapping[int, float]:
        return dict(zip(self.seeds, self.values, strict=True))

    @cached_property
    def summary(self) -> Summary | None:
        return Summary.of(self.values) if self.values else None


@dataclass(frozen=True)
class Row:
    """One autoencoder with one sampler, or a reference in the sampler's place.

    ``measured`` and ``unmeasured`` hold one record a seed, by seed; a floor row has those that it
    is taken from. There is an entry for each column. ``alarms`` are the columns that warn of this
    row.
    """

    autoencoder: str
    name: str
    kind: RowKind
    measured: tuple[Record, ...]
    unmeasured: tuple[Record, ...]
    entries: tuple[Entry, ...]
    alarms: tuple[Column, ...] = ()

    @property
    def n(self) -> int:
        return len(self.measured)

    def is_of(self, identities: Collection[str]) -> bool:
        """Say whether one of these records is in the row."""
        return any(each.identity in identities for each in (*self.measured, *self.unmeasured))


@dataclass(frozen=True)
class Ranking:
    """All rows that may be compared: those of one dataset under one protocol.

    ``conditions`` are the protocol and the data; ``differs`` are those of them in which the
    suite's other rankings on the same dataset differ.
    """

    dataset: str
    conditions: dict[str, str]
    differs: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    @property
    def title(self) -> str:
        """The dataset, and the conditions by which rankings on one dataset differ."""
        differs = ", ".join(f"{name} {self.conditions[name]}" for name in self.differs)
        return f"{self.dataset}: {differs}" if differs else self.dataset

    @cached_property
    def places_of(self) -> Mapping[str, tuple[int, ...]]:
        """The places of the rows of each autoencoder, in the order of the rows."""
        places: dict[str, list[int]] = {}
        for place, row in enumerate(self.rows):
            places.setdefault(row.autoencoder, []).append(place)
        return {name: tuple(those) for name, those in places.items()}

    def rows_of(self, autoencoder: str) -> list[Row]:
        """The rows of an autoencoder; none where it has none."""
        return [self.rows[place] for place in self.places_of.get(autoencoder, ())]

    @property
    def records(self) -> list[Record]:
        """Every record, each once."""
        rows = [row for row in self.rows if row.kind != "floor"]
        return [record for row in rows for record in (*row.measured, *row.unmeasured)]

    @property
    def measured(self) -> list[Record]:
        """The records that scores come from."""
        return [record for record in self.records if has_scores(record)]

    def without(self, subject: Subject) -> "Ranking":
        """The same rows without the columns of a subject."""
        kept = [place for place, column in enumerate(self.columns) if column.subject != subject]
        return replace(
            self,
            columns=tuple(self.columns[place] for place in kept),
            rows=tuple(
                replace(row, entries=tuple(row.entries[place] for place in kept))
                for row in self.rows
            ),
        )

    def of(self, identities: Collection[str]) -> "Ranking":
        """The rows with one of these records, their floors, and the columns in which they have
        something.
        """
        asked = [row for row in self.rows if row.kind != "floor" and row.is_of(identities)]
        homes = {row.autoencoder for row in asked}
        rows = [
            row
            for row in self.rows
            if row in asked or (row.kind == "floor" and row.autoencoder in homes)
        ]
        kept = [
            place
            for place in range(len(self.columns))
            if any(row.entries[place].values or row.entries[place].problems for row in asked)
        ]
        return replace(
            self,
            columns=tuple(self.columns[place] for place in kept),
            rows=tuple(
                replace(row, entries=tuple(row.entries[place] for place in kept)) for row in rows
            ),
        )


def has_scores(record: Record) -> bool:
    """Say whether the record has scores, even if not all that were asked for."""
    return record.status in ("measured", "incomplete")
