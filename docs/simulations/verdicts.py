"""Simulate boards, and write the level and power of three tests into docs/statistics.md.

    python docs/simulations/verdicts.py

Every seed shifts all rows of a board by a shared effect. The level of a test is the share of
boards of equal rows on which it finds one significantly worse than the best. Its power is the
share of boards on which a lead is seen over some row, or over every other row: one row, each in
turn, is better by 3 times the mean std of a row.
"""

import argparse
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtrc
from scipy.stats import studentized_range

from samplebench.results import blocked
from samplebench.results.statistics import SIGNIFICANCE

PAGE = Path(__file__).parents[1] / "statistics.md"
LEAD = 3.0
Boards = NDArray[np.float64]  # (boards, rows, seeds)
Ratios = NDArray[np.float64]  # (boards, rows): of the lag behind the best to what is significant


@dataclass(frozen=True)
class Kind:
    """Boards whose rows have these stds, and follow the shared effect as many times over."""

    name: str
    spreads: NDArray[np.float64]
    responses: NDArray[np.float64] | float = 1.0


KINDS = (
    Kind("10 rows, equal", np.ones(10)),
    Kind("10 rows, 1 to 3 in steps", np.geomspace(1, 3, 10)),
    Kind("10 rows, half 1, half 3", np.repeat([1.0, 3.0], 5)),
    Kind("10 rows, one of 3", np.array([*[1.0] * 9, 3.0])),
)
FURTHER = (
    Kind("10 rows, one of 5", np.array([*[1.0] * 9, 5.0])),
    Kind("10 rows, equal; seeds shift half of them twice", np.ones(10), np.repeat([0.0, 2.0], 5)),
    Kind("4 rows, equal", np.ones(4)),
    Kind("4 rows, half 1, half 3", np.repeat([1.0, 3.0], 2)),
    Kind("4 rows, one of 3", np.array([1.0, 1.0, 1.0, 3.0])),
)


def simulate(count: int, seeds: int, kind: Kind, shared: float, lead: float) -> Boards:
    """Boards on which row ``b % rows`` of board b leads by ``lead`` mean stds."""
    random = np.random.default_rng(seeds)
    rows, size = len(kind.spreads), kind.spreads.mean()
    scores = random.normal(size=(count, rows, seeds)) * kind.spreads[:, None]
    shifts = shared * size * random.normal(size=(count, 1, seeds))
    scores += np.broadcast_to(kind.responses, rows)[:, None] * shifts
    scores[np.arange(count), np.arange(count) % rows] -= lead * size
    return scores


def measure_by_games_howell(scores: Boards) -> Ratios:
    """Independent groups of unequal variances."""
    variances = scores.var(2, ddof=1) / scores.shape[2]
    best = _of_best(scores, variances)
    error = best + variances
    freedom = error**2 / ((best**2 + variances**2) / (scores.shape[2] - 1))
    return _divide(scores, error, freedom)


def measure_by_tukey(scores: Boards) -> Ratios:
    """Tukey's test on what is left after rows and seeds, with one variance for all rows."""
    _, rows, seeds = scores.shape
    freedom = (rows - 1) * (seeds - 1)
    variances = np.square(_remove_effects(scores)).sum((1, 2), keepdims=True)[..., 0] / freedom
    error = np.broadcast_to(2 * variances / seeds, scores.shape[:2])
    return _divide(scores, error, np.full(scores.shape[:2], float(freedom)))


def measure_by_blocked(scores: Boards) -> Ratios:
    """The boards' own: ``samplebench.results.blocked``, for many boards at a time."""
    _, rows, seeds = scores.shape
    squares = np.square(_remove_effects(scores)).sum(2) / (seeds - 1) * rows / (rows - 1)
    share = blocked.POOLED
    variances = share * squares.mean(1, keepdims=True) + (1 - share) * squares
    centre = np.eye(rows) - 1 / rows
    covariances = np.einsum("ij,bj,jk->bik", centre, variances, centre) ** 2
    best = scores.mean(2).argmin(1)
    weights = np.full((*scores.shape[:2], rows), 2 * share / (rows - 1))  # of each pair with best
    weights += (1 - share) * rows / (rows - 1) * (np.eye(rows) + np.eye(rows)[best][:, None])
    both = _of_best(scores, variances) + variances
    freedom = both**2 * (seeds - 1) / np.einsum("bpi,bij,bpj->bp", weights, covariances, weights)
    ratios = _divide(scores, both / seeds, freedom)
    return np.where(_are_additive(scores)[:, None], ratios, measure_by_games_howell(scores))


TESTS: Mapping[str, Callable[[Boards], Ratios]] = {
    "Games–Howell": measure_by_games_howell,
    "blocked Tukey": measure_by_tukey,
    "the board's": measure_by_blocked,
}


def make_table(count: int, kinds: Sequence[Kind]) -> str:
    """The table of level / power over some row / power over all rows, in percent."""
    lines = [
        f"| boards | shared effect | seeds | {' | '.join(TESTS)} |",
        f"|:--|--:|--:|{'--:|' * len(TESTS)}",
    ]
    for kind in kinds:
        for shared in (0, 1, 2):
            for seeds in (3, 5, 10):
                equal = simulate(count, seeds, kind, shared, 0)
                led = simulate(count, seeds, kind, shared, LEAD)
                cells = [
                    f"{_find_level(test(equal)):.1f} / {' / '.join(_find_power(led, test(led)))}"
                    for test in TESTS.values()
                ]
                lines.append(f"| {kind.name} | {shared} sd | {seeds} | {' | '.join(cells)} |")
    return "\n".join(lines)


def describe_raised(count: int) -> str:
    """Say what blocked Tukey sees where its critical range is raised until the level is 6 % for
    all spreads up to 1 to 3.
    """
    texts = []
    for seeds in (3, 5, 10):
        equal = [measure_by_tukey(simulate(count, seeds, kind, 0, 0)) for kind in KINDS]
        raised = max(np.quantile(ratios.max(1), 0.94) for ratios in equal)
        led = simulate(count, seeds, KINDS[0], 0, LEAD)
        seen, _ = _find_power(led, measure_by_tukey(led) / raised)
        texts.append(f"{seen} % with {seeds} seeds (range raised by {100 * (raised - 1):.0f} %)")
    return ", ".join(texts)


def _find_level(ratios: Ratios) -> float:
    return float(100 * (ratios > 1).any(1).mean())


def _find_power(scores: Boards, ratios: Ratios) -> tuple[str, str]:
    """Over some row, and over all."""
    count, rows, _ = scores.shape
    leads = scores.mean(2).argmin(1) == np.arange(count) % rows
    worse = (ratios > 1).sum(1) * leads
    return f"{100 * (worse > 0).mean():.1f}", f"{100 * (worse == rows - 1).mean():.1f}"


def _of_best(scores: Boards, values: Boards) -> Boards:
    """The values (boards, rows) of the best row of each board, (boards, 1)."""
    return np.take_along_axis(values, scores.mean(2).argmin(1)[:, None], 1)


def _divide(scores: Boards, error: Boards, freedom: Boards) -> Ratios:
    """Divide the lag of each row, of this squared error, by the critical range."""
    means = scores.mean(2)
    range_ = np.sqrt(2) * (means - means.min(1, keepdims=True)) / np.sqrt(error)
    ratios: Ratios = range_ / _critical(scores.shape[1])(freedom)
    return ratios


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
    count = parser.parse_args().boards
    made = {
        "verdicts": make_table(count, KINDS),
        "further verdicts": make_table(count, FURTHER),
        "raised": describe_raised(count),
    }
    page = PAGE.read_text(encoding="utf-8")
    for name, text in made.items():
        begin, end = f"<!-- {name} -->\n", f"\n<!-- end of {name} -->"
        page = re.sub(f"(?s){begin}.*?{end}", f"{begin}{text}{end}", page)
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
