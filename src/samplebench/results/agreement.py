"""Agreement of columns: do they put the samplers in the same order, and name the same winner?"""

import math
from collections.abc import Iterable, Sequence
from itertools import combinations
from statistics import median

import numpy as np

from samplebench.results.blocks import Text
from samplebench.results.ranking import Ranking, Row

_FEWEST = 3
"""Rows that an order needs to be worth comparing."""


def describe_agreement(ranking: Ranking) -> list[Text]:
    """Two lines: Kendall's τ of each pair of columns of quality, and the winners by each.

    Compared are the samplers of each autoencoder that have every score and no alarm.
    """
    places, groups = _find_comparable(ranking)
    if len(places) < 2 or not groups:
        return []
    pairs = [
        f"{ranking.columns[one].title} and {ranking.columns[other].title} "
        f"{_describe([compute_tau(ranking, rows, one, other) for rows in groups])}"
        for one, other in combinations(places, 2)
    ]
    seeds = [tau for rows in groups for place in places for tau in compare_seeds(rows, place)]
    between = f"; seed and seed in one column {_describe(seeds)}" if seeds else ""
    several = ", median and range over autoencoders" if len(groups) > 1 else ""
    split, _ = count_split_winners(ranking)
    return [
        (f"Agreement of orders (Kendall's τ{several}): {'; '.join(pairs)}{between}.",),
        (
            f"The columns name different winners in {split} of {len(groups)} autoencoders. Where "
            "they do, the choice of features decides who wins, and more seeds do not change that."
            if split
            else "All these columns name the same winner.",
        ),
    ]


def count_split_winners(ranking: Ranking) -> tuple[int, int]:
    """The number of autoencoders with which columns name different winners, and that of all."""
    places, groups = _find_comparable(ranking)
    split = sum(len({_find_winner(ranking, rows, at) for at in places}) > 1 for rows in groups)
    return split, len(groups)


def _find_comparable(ranking: Ranking) -> tuple[list[int], list[list[Row]]]:
    """The columns of quality, and the rows of each autoencoder whose orders can be compared."""
    places = [
        place
        for place, column in enumerate(ranking.columns)
        if column.subject in ("images", "latents") and not column.diagnostic
    ]
    groups = [rows for rows in _group_rivals(ranking, places) if len(rows) >= _FEWEST]
    return places, groups


def compute_tau(ranking: Ranking, rows: Sequence[Row], one: int, other: int) -> float:
    """Kendall's τ-b between the orders that two columns give the rows, from better to worse."""
    first, second = ([_sign(ranking, at) * _mean(row, at) for row in rows] for at in (one, other))
    return _correlate(first, second)


def compare_seeds(rows: Sequence[Row], place: int) -> list[float]:
    """Kendall's τ-b between the orders of the rows at each two seeds that all have."""
    shared = sorted(set.intersection(*(set(row.entries[place].seeds) for row in rows)))
    scores = [[row.entries[place].by_seed[seed] for row in rows] for seed in shared]
    return [_correlate(one, other) for one, other in combinations(scores, 2)]


def _correlate(first: Sequence[float], second: Sequence[float]) -> float:
    """Kendall's τ-b of two sequences; NaN where one has no order.

    ``Σ s_ij t_ij / √(Σ s_ij² Σ t_ij²)`` for the signs s and t of the differences of each pair.
    Boards have thousands of short sequences, for which a general routine takes a minute.

    Reference: The Treatment of Ties in Ranking Problems (Kendall, 1945), Biometrika 33(3).
    """
    one, other = (np.sign(np.subtract.outer(values, values)) for values in (first, second))
    size = math.sqrt(np.count_nonzero(one) * np.count_nonzero(other))
    return float((one * other).sum()) / size if size else math.nan


def _group_rivals(ranking: Ranking, places: Iterable[int]) -> list[list[Row]]:
    """The rows of each autoencoder that compete and have every score."""
    places = list(places)
    groups: dict[str, list[Row]] = {}
    for row in ranking.rows:
        complete = all(row.entries[at].values and not row.entries[at].problems for at in places)
        if row.kind == "sampler" and not row.alarms and complete:
            groups.setdefault(row.autoencoder, []).append(row)
    return list(groups.values())


def _find_winner(ranking: Ranking, rows: Sequence[Row], place: int) -> str:
    sign = _sign(ranking, place)
    return min(rows, key=lambda row: sign * _mean(row, place)).name


def _mean(row: Row, place: int) -> float:
    """The mean of a score that the row has."""
    summary = row.entries[place].summary
    return math.nan if summary is None else summary.mean


def _sign(ranking: Ranking, place: int) -> int:
    return 1 if ranking.columns[place].better == "lower" else -1


def _describe(taus: Sequence[float]) -> str:
    """The median, and the range where it is wider than its two digits."""
    known = [tau for tau in taus if tau == tau]  # all scores equal have no order
    if not known:
        return "—"
    low, high = f"{min(known):.2f}", f"{max(known):.2f}"
    middle = f"{median(known):.2f}"
    return middle if low == high else f"{middle} ({low} to {high})"
