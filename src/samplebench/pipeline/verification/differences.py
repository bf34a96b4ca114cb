"""Two measurements of one cell, score by score."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from scipy.special import stdtrit

from samplebench.results.record import Record, Score
from samplebench.results.statistics import Summary
from samplebench.vocabulary import Floor


@dataclass(frozen=True)
class Difference:
    """A score that came out differently.

    Attributes:
        spread: the scores of the recorded row over its seeds.
    """

    cell: str
    title: str
    recorded: float | None
    replayed: float | None
    spread: Summary | None

    def is_within_spread(self, level: float = 0.95) -> bool | None:
        """Say if two seeds of the row would differ as much; ``None`` if too little is known.

        The difference of two seeds has √2 times the std of one, and lies within Student's t of
        that in a share ``level`` of cases.
        """
        if self.recorded is None or self.replayed is None:
            return None
        if self.spread is None or not self.spread.std:  # one seed, or all the same
            return None
        reach = float(stdtrit(self.spread.n - 1, (1 + level) / 2)) * math.sqrt(2)
        return bool(abs(self.replayed - self.recorded) <= reach * self.spread.std)

    def __str__(self) -> str:
        """The difference in one line."""
        verdict = {True: "within", False: "outside", None: "not comparable with"}
        moved = (
            f" (by {self.replayed - self.recorded:+.3g})"
            if self.recorded is not None and self.replayed is not None
            else ""
        )
        return (
            f"{self.cell}, {self.title}: recorded {_text(self.recorded)}, "
            f"replayed {_text(self.replayed)}{moved}, "
            f"{verdict[self.is_within_spread()]} the spread over seeds"
        )


def differences(record: Record, replay: Record, siblings: Iterable[Record]) -> list[Difference]:
    """Every score and floor of a record that the replay does not have to the last bit, but costs.

    Args:
        siblings: the records of the same row with any seed.
    """
    replayed = {score.key: score for score in replay.scores}
    rows = [record, *(other for other in siblings if other.identity != record.identity)]
    found = []
    for score in record.scores:
        other = replayed.get(score.key)
        if score.subject == "cost":
            continue
        if other is None or _result(score) != _result(other):
            spread = _spread([s.value for s in _same_score(score, rows)])
            value = other.value if other else None
            found.append(Difference(record.label, score.title, score.value, value, spread))
        # A floor that was no measurement is not held against the measured one.
        if other is not None and _is_measured(score.floor) and score.floor != other.floor:
            spread = _spread([_mean(s.floor) for s in _same_score(score, rows)])
            title = f"{score.title}, floor"
            means = _mean(score.floor), _mean(other.floor)
            found.append(Difference(record.label, title, *means, spread))
    return found


def row_key(record: Record) -> tuple[str, ...]:
    """A key that the records of a row share, whatever their seed."""
    sampler = record.sampler.key if record.sampler else record.role
    autoencoder = f"{record.autoencoder.key} {record.autoencoder.checkpoint}"
    return record.dataset.key, autoencoder, sampler, repr(record.protocol)


def _result(score: Score) -> tuple[float | None, bool]:
    return score.value, score.problem is None


def _is_measured(floor: Floor | None) -> bool:
    return floor is not None and floor.count is not None


def _mean(floor: Floor | None) -> float | None:
    return floor.mean if floor else None


def _same_score(score: Score, records: Iterable[Record]) -> list[Score]:
    return [other for record in records for other in record.scores if other.key == score.key]


def _spread(values: Iterable[float | None]) -> Summary | None:
    numbers = [value for value in values if value is not None]
    return Summary.of(numbers) if len(numbers) > 1 else None


def _text(value: float | None) -> str:
    return "nothing" if value is None else f"{value:.6g}"
