"""Turns: which of the stages that are ready goes next."""

import heapq
from collections.abc import Collection, Mapping, Sequence
from typing import Final

_SOON: Final = 15.0
"""A stage may go before its turn when the longest way that it opens takes, times this, as long as
all that is left does for those who work. Guesses are rough: one training of a hundred takes ten
times the median."""
_NOW: Final = 1.5
"""The same of one that has to go before its turn."""


class Turns:
    """The stages that are ready. Earlier ones go first, so that a run that is stopped has measured
    something. Several at once would wait for the last training in the end; so those that open the
    longest way have every second turn, and all of them when it is time.

    Args:
        lengths: of the stages in their order, as far as they are known; in any unit.
        before: for each, the places of those that have to be over before it, all of them earlier.
    """

    def __init__(self, lengths: Sequence[float], before: Mapping[int, Sequence[int]]) -> None:
        self._lengths = lengths
        self._ways = _measure_ways(lengths, before)
        self._left = sum(lengths)
        self._goes_by_way = False
        self._ready: set[int] = set()
        self._by_turn, self._by_way = _Queue(), _Queue()

    def __bool__(self) -> bool:
        return bool(self._ready)

    def add(self, *places: int) -> None:
        """Let stages have their turns."""
        for place in places:
            self._ready.add(place)
            self._by_turn.push(0.0, place)
            self._by_way.push(-self._ways[place], place)

    def put_back(self, *places: int) -> None:
        """Let stages that were taken, and could not go, have another turn."""
        self._left += sum(self._lengths[place] for place in places)
        self.add(*places)

    def take(self, at_once: int) -> int:
        """The stage that goes next, of which so many are carried out at once."""
        longest, time_left = self._by_way.first(self._ready), self._left / at_once
        way = self._ways[longest]
        self._goes_by_way = at_once > 1 and (
            way * _NOW >= time_left or (way * _SOON >= time_left and not self._goes_by_way)
        )
        place = longest if self._goes_by_way else self._by_turn.first(self._ready)
        self._ready.remove(place)
        self._left -= self._lengths[place]
        return place


class _Queue:
    """Places in order of a value, each once. Those that are not ready stay for a while."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int]] = []
        self._inside: set[int] = set()

    def push(self, value: float, place: int) -> None:
        if place not in self._inside:
            self._inside.add(place)
            heapq.heappush(self._heap, (value, place))

    def first(self, ready: Collection[int]) -> int:
        """The first that is ready; those before it leave."""
        while (place := self._heap[0][1]) not in ready:
            heapq.heappop(self._heap)
            self._inside.remove(place)
        return place


def _measure_ways(lengths: Sequence[float], before: Mapping[int, Sequence[int]]) -> list[float]:
    """The length of the longest way from the beginning of each stage to the end of all."""
    ways = list(lengths)
    for place in reversed(range(len(lengths))):
        # Those that need it are later, and have their final value.
        for earlier in before[place]:
            ways[earlier] = max(ways[earlier], lengths[earlier] + ways[place])
    return ways
