"""Two measurements of one cell, score by score."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from scipy.special import stdtrit

from samplebench.results.record import Record, Score
from samplebench.results.statistics import Summary
from samplebench.vocabulary import Floor

_ROUNDING: Final = 1e-6
"""The share of a score below which its text, of six digits, shows no difference."""


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

    def reach(self, level: float = 0.95) -> float | None:
        """The most by which two seeds of the row differ in a share ``level`` of cases; ``None`` if
        it has one seed, or the same score with all.

        The difference of two seeds has √2 times the std of one: with n seeds, it is within
        ``t · √2 · std`` for the quantile t of Student's distribution, n - 1 degrees of freedom.
        """
        if self.spread is None or not self.spread.std:
            return None
        return float(stdtrit(self.spread.n - 1, (1 + level) / 2)) * math.sqrt(2) * self.spread.std

    def is_within_spread(self, level: float = 0.95) -> bool | None:
        """Say if two seeds of the row would differ as much; ``None`` if too little is known."""
        reach = self.reach(level)
        if self.recorded is None or self.replayed is None or reach is None:
            return None
        return bool(abs(self.replayed - self.recorded) <= reach)

    @property
    def severity(self) -> tuple[bool, bool, float]:
        """A key by which the difference that says most comes last: a score that is lost or new,
        then one outside of the spread, then the larger one in units of the spread or of itself.
        """
        one, other = self.recorded, self.replayed
        if one is None or other is None:
            return True, True, math.inf
        unit = self.reach() or max(abs(one), abs(other)) or 1.0
        return False, self.is_within_spread() is False, abs(other - one) / unit

    def describe(self, level: float = 0.95) -> str:
        """The difference in one line, judged by the interval of ``level``."""
        return f"{self.cell}, {self.title}: {self._moved()}, {self._verdict(level)}"

    def _moved(self) -> str:
        """By how much it moved. Numbers that would look the same are not written twice."""
        one, other = self.recorded, self.replayed
        if one is None or other is None:
            return f"recorded {_text(one)}, replayed {_text(other)}"
        if one == other:  # of floors, this is the mean
            return f"{_text(one)} in both, as the mean of other values"
        share = abs(other - one) / max(abs(one), abs(other))
        if share < _ROUNDING:
            return f"{_text(one)} in both, which agree to {_round_up(share):.0e} of it"
        return f"recorded {_text(one)}, replayed {_text(other)} (by {other - one:+.3g})"

    def _verdict(self, level: float) -> str:
        reach, within = self.reach(level), self.is_within_spread(level)
        if reach is None or self.spread is None or within is None:
            return "not comparable with the spread over seeds"
        interval = f"±{reach:.3g} for two of {self.spread.n} seeds at {100 * level:.4g} %"
        return f"{'within' if within else 'outside'} the spread over seeds ({interval})"


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


def _round_up(share: float) -> float:
    """The next power of ten."""
    return 10.0 ** math.ceil(math.log10(share))


def _text(value: float | None) -> str:
    return "nothing" if value is None else f"{value:.6g}"
