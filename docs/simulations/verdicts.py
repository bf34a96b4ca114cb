"""Simulate boards, and write the level and power of three tests into docs/statistics.md.

    python docs/simulations/verdicts.py

A board has ten rows; every seed shifts all its rows by a shared effect. The level of a test is the
share of boards of equal rows on which it finds one significantly worse than the best. Its power is
the share of boards on which it finds every other row worse than one whose lead is 3 times the
mean std of a row.
"""

import argparse
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtrc, polygamma
from scipy.stats import studentized_range

from samplebench.results import blocked
from samplebench.results.statistics import SIGNIFICANCE

PAGE = Path(__file__).parents[1] / "statistics.md"
ROWS, LEAD = 10, 3.0
Boards = NDArray[np.float64]  # (boards, rows, seeds)
Flags = NDArray[np.bool_]  # (boards, rows): significantly different from the best row

SPREADS: Mapping[str, Boards] = {
    "equal": np.ones(ROWS),
    "1 to 3, in steps": np.geomspace(1, 3, ROWS),
    "half 1, half 3": np.repeat([1.0, 3.0], ROWS // 2),
    "one of 5": np.array([*[1.0] * (ROWS - 1), 5.0]),
}


def simulate(count: int, seeds: int, spreads: Boards, shared: float, lead: float) -> Boards:
    """Boards of rows with these stds, the first of them better by ``lead`` mean stds."""
    random = np.random.default_rng(seeds)
    scores = random.normal(size=(count, len(spreads), seeds)) * spreads[:, None]
    scores += shared * spreads.mean() * random.normal(size=(count, 1, seeds))
    scores[:, 0] -= lead * spreads.mean()
    return scores


def find_by_games_howell(scores: Boards) -> Flags:
    """Independent groups of unequal variances."""
    variances = scores.var(2, ddof=1) / scores.shape[2]
    best = _of_best(scores, variances)
    error = best + variances
    freedom = error**2 / ((best**2 + variances**2) / (scores.shape[2] - 1))
    return _exceed(scores, error, freedom)


def find_by_tukey(scores: Boards) -> Flags:
    """Tukey's test on what is left after rows and seeds, with one variance for all rows."""
    _, rows, seeds = scores.shape
    freedom = (rows - 1) * (seeds - 1)
    variances = np.square(_remove_effects(scores)).sum((1, 2), keepdims=True)[..., 0] / freedom
    error = np.broadcast_to(2 * variances / seeds, scores.shape[:2])
    return _exceed(scores, error, np.full(scores.shape[:2], float(freedom)))


def find_by_blocked(scores: Boards) -> Flags:
    """The boards' own: ``samplebench.results.blocked``, for many boards at a time."""
    _, rows, seeds = scores.shape
    freedom, most = (seeds - 1) * (rows - 1) / rows, float((rows - 1) * (seeds - 1))
    variances = np.square(_remove_effects(scores)).sum(2) / freedom
    excess = np.log(variances).var(1, ddof=1) - blocked._CERTAIN * polygamma(1, freedom / 2)
    prior = np.array([2 * blocked._invert_trigamma(e) if e > 1e-9 else 1e9 for e in excess])
    prior = prior[:, None]
    moderated = (prior * variances.mean(1, keepdims=True) + freedom * variances) / (
        prior + freedom
    )
    best = _of_best(scores, moderated)
    both = best + moderated
    shares = (best**2 + moderated**2) / both**2 / np.minimum(prior + freedom, most)
    found = _exceed(scores, both / seeds, np.minimum(1 / shares, most))
    return np.where(_are_additive(scores)[:, None], found, find_by_games_howell(scores))


TESTS: Mapping[str, Callable[[Boards], Flags]] = {
    "Games–Howell": find_by_games_howell,
    "blocked Tukey": find_by_tukey,
    "the board's": find_by_blocked,
}


def make_table(count: int) -> str:
    """The table of level / power, in percent."""
    lines = [
        f"| stds of rows | shared effect | seeds | {' | '.join(TESTS)} |",
        f"|:--|--:|--:|{'--:|' * len(TESTS)}",
    ]
    for name, spreads in SPREADS.items():
        for shared in (0, 1, 2):
            for seeds in (3, 5, 10):
                equal = simulate(count, seeds, spreads, shared, 0)
                led = simulate(count, seeds, spreads, shared, LEAD)
                cells = [
                    f"{100 * test(equal).any(1).mean():.1f} / "
                    f"{100 * (test(led).sum(1) == ROWS - 1).mean():.1f}"
                    for test in TESTS.values()
                ]
                lines.append(f"| {name} | {shared} sd | {seeds} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _of_best(scores: Boards, values: Boards) -> Boards:
    """The values (boards, rows) of the best row of each board, (boards, 1)."""
    return np.take_along_axis(values, scores.mean(2).argmin(1)[:, None], 1)


def _exceed(scores: Boards, error: Boards, freedom: Boards) -> Flags:
    """Compare the lag of each row, of this squared error, with the studentized range."""
    means = scores.mean(2)
    range_ = np.sqrt(2) * (means - means.min(1, keepdims=True)) / np.sqrt(error)
    return range_ > _critical(scores.shape[1])(freedom)


@cache
def _critical(rows: int) -> Callable[[Boards], Boards]:
    """The critical range by degrees of freedom, between those of a fine grid."""
    inverse = np.linspace(1, 1e-3, 60) ** 2
    known = np.log(studentized_range.isf(SIGNIFICANCE, rows, 1 / inverse))
    return lambda freedom: np.exp(np.interp(-1 / freedom, -inverse, known))


def _remove_effects(scores: Boards) -> Boards:
    return (
        scores
        - scores.mean(2, keepdims=True)
        - scores.mean(1, keepdims=True)
        + scores.mean((1, 2), keepdims=True)
    )


def _are_additive(scores: Boards) -> NDArray[np.bool_]:
    _, count, seeds = scores.shape
    rows = scores.mean(2) - scores.mean((1, 2))[:, None]
    shifts = scores.mean(1) - scores.mean((1, 2))[:, None]
    product = np.einsum("br,brs,bs->b", rows, scores, shifts) ** 2 / (
        np.square(rows).sum(1) * np.square(shifts).sum(1)
    )
    left = np.square(_remove_effects(scores)).sum((1, 2))
    freedom = (count - 1) * (seeds - 1) - 1
    chance: NDArray[np.float64] = fdtrc(1, freedom, product / ((left - product) / freedom))
    return chance > blocked._ADDITIVITY


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--boards", type=int, default=10_000)
    table = make_table(parser.parse_args().boards)
    page = PAGE.read_text(encoding="utf-8")
    begin, end = "<!-- verdicts -->\n", "\n<!-- end of verdicts -->"
    PAGE.write_text(re.sub(f"(?s){begin}.*?{end}", f"{begin}{table}{end}", page), encoding="utf-8")


if __name__ == "__main__":
    main()
