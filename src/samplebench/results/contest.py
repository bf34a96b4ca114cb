"""Contests: which of the rows that compete for a score lead it."""

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from typing import Generic, TypeVar

import numpy as np

from samplebench.results.blocked import Blocked, Table, are_additive
from samplebench.results.statistics import GamesHowell, Summary
from samplebench.vocabulary import Direction

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Contest(Generic[Key]):
    """Rows that compete for one score.

    Attributes:
        scores: of each row, by seed.
        logarithms: True if scores are tested as logarithms; where one is not positive, they are
            tested as they are.
    """

    scores: Mapping[Key, Mapping[int, float]]
    better: Direction
    logarithms: bool = False

    def find_leaders(self) -> set[Key]:
        """The row with the best mean, and those after it down to the first that is significantly
        different from it: a row that is merely too noisy does not pass a better one.

        A row of one seed has no std to test with: it is never among them. The set is empty where
        the best row is of that kind or has no other to be tested against.
        """
        sign = 1 if self.better == "lower" else -1
        summaries = {
            row: Summary.of(list(held.values())) for row, held in self.scores.items() if held
        }
        ordered = sorted(
            summaries,
            key=lambda row: (sign * summaries[row].mean, summaries[row].error, summaries[row].n),
        )
        tested = [row for row in ordered if summaries[row].n > 1]
        if len(tested) < 2 or tested[0] != ordered[0]:
            return set()
        test = self.choose_test(tested)
        best = tested[0]

        def is_worse(row: Key) -> bool:
            # Over the seeds that all rows have, or by logarithms, the order may be another.
            lag = sign * (test.mean_of(row) - test.mean_of(best))
            return lag > 0 and test.differ(row, best)

        return set(takewhile(lambda row: not is_worse(row), tested))

    def choose_test(self, rows: Sequence[Key]) -> Blocked[Key] | GamesHowell[Key]:
        """The blocked test over the seeds that all rows have; that of Games and Howell over all
        scores where the rows share fewer than two seeds, or seeds do not shift all rows alike.
        """
        scores = {row: self._transform(self.scores[row]) for row in rows}
        shared = sorted(set.intersection(*(set(held) for held in scores.values())))
        table = np.array([[scores[row][seed] for seed in shared] for row in rows])
        table = np.ldexp(table, -_find_exponent(table))  # squares of huge scores would overflow
        if len(shared) > 1 and are_additive(table):
            return Blocked.of(rows, table)
        return GamesHowell({row: Summary.of(list(held.values())) for row, held in scores.items()})

    def _transform(self, held: Mapping[int, float]) -> Mapping[int, float]:
        if not self._takes_logarithms:
            return held
        return {seed: math.log(value) for seed, value in held.items()}

    @cached_property
    def _takes_logarithms(self) -> bool:
        everything = (value for row in self.scores.values() for value in row.values())
        return self.logarithms and all(value > 0 for value in everything)


def _find_exponent(table: Table) -> int:
    """The power of two above every number."""
    return int(np.frexp(np.abs(table).max(initial=0.0))[1])
