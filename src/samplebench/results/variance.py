"""The sources of a score's variance: training, fit and draw, where these were repeated."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from samplebench.results.blocks import Text
from samplebench.results.ranking import Column, Ranking, Row

OfSeed = Sequence[Sequence[float]]
"""Scores by fit and draw."""

Nested = Sequence[OfSeed]
"""Scores by seed, fit and draw, as many draws for each fit and fits for each seed."""


@dataclass(frozen=True)
class Components:
    """Variances of trainings (seeds), of fits to one training's latents, of draws from one fit.

    ``fit`` is ``None`` where each training had one fit: ``training`` has both then.
    """

    training: float
    fit: float | None
    draw: float
    fits: int
    draws: int

    @staticmethod
    def of(scores: Nested) -> "Components":
        """Estimate them from the mean squares of a nested analysis of variance.

        With s seeds, f fits each and d draws each, E[MS_draw] = σ²_draw, E[MS_fit] = σ²_draw +
        d σ²_fit and E[MS_seed] = σ²_draw + d σ²_fit + f d σ²_training; a negative estimate is 0.

        Args:
            scores: of at least 2 seeds, with at least 2 draws of each fit.
        """
        seeds, fits, draws = len(scores), len(scores[0]), len(scores[0][0])
        fit_means = [[fmean(values) for values in seed] for seed in scores]
        seed_means = [fmean(means) for means in fit_means]
        of_draws = _mean_square(
            (
                (v, m)
                for s, ms in zip(scores, fit_means, strict=True)
                for vs, m in zip(s, ms, strict=True)
                for v in vs
            ),
            freedom=seeds * fits * (draws - 1),
        )
        of_seeds = (
            fits
            * draws
            * _mean_square(((mean, fmean(seed_means)) for mean in seed_means), freedom=seeds - 1)
        )
        if fits == 1:
            training = max(0.0, (of_seeds - of_draws) / draws)
            return Components(training, None, of_draws, fits, draws)
        of_fits = draws * _mean_square(
            (
                (mean, centre)
                for means, centre in zip(fit_means, seed_means, strict=True)
                for mean in means
            ),
            freedom=seeds * (fits - 1),
        )
        return Components(
            max(0.0, (of_seeds - of_fits) / (fits * draws)),
            max(0.0, (of_fits - of_draws) / draws),
            of_draws,
            fits,
            draws,
        )

    @property
    def total(self) -> float:
        """The variance of the score of one training, fit and draw."""
        return self.training + (self.fit or 0.0) + self.draw

    @property
    def draws_left(self) -> float:
        """The share of draws in the variance of a seed's mean over all its fits and draws."""
        of_draws = self.draw / (self.fits * self.draws)
        return of_draws / (self.training + (self.fit or 0.0) / self.fits + of_draws)


def components_of(row: Row, column: Column) -> Components | None:
    """The components of a row's score, in a unit of its own; ``None`` where nothing was repeated
    or nothing varies.
    """
    return _estimate(_values_by_column(row).get(column.key, []))


def _values_by_column(row: Row) -> dict[tuple[str, str, str], list[OfSeed]]:
    """The scores of a row by fit and draw, one a seed, by column."""
    held: dict[tuple[str, str, str], list[OfSeed]] = {}
    for score in (score for each in row.measured for score in each.scores):
        held.setdefault(score.column, []).append(score.values)
    return held


def _estimate(held: Nested) -> Components | None:
    shapes = {tuple(map(len, values)) for values in held}
    if len(held) < 2 or len(shapes) != 1 or min(shapes.pop(), default=0) < 2:
        return None
    components = Components.of(_scale(held))
    return components if components.total > 0 else None


def _scale(scores: Nested) -> Nested:
    """The scores times a power of two by which none is above 1, nor its square too large."""
    largest = max(abs(value) for seed in scores for fit in seed for value in fit)
    power = math.frexp(largest)[1]
    return [[[math.ldexp(value, -power) for value in fit] for fit in seed] for seed in scores]


def describe_variance(ranking: Ranking) -> list[Text]:
    """One line: for each column the shares of all sources, as medians over the samplers."""
    samplers = [
        row
        for row in ranking.rows
        if row.kind == "sampler" and not any(each.autoencoder.checkpoint for each in row.measured)
    ]
    held = [_values_by_column(row) for row in samplers]
    columns = {
        column.title: [part for each in held if (part := _estimate(each.get(column.key, [])))]
        for column in ranking.columns
    }
    described = [f"{title}: {_describe(found)}" for title, found in columns.items() if found]
    if not described:
        return []
    first = next(found[0] for found in columns.values() if found)
    text = (
        "Sources of the variance of one score (median over samplers; in brackets, the share that "
        f"draws have in the variance of a seed's mean over {first.fits} × {first.draws} fits and "
        f"draws): {'; '.join(described)}."
    )
    return [(text,)]


def _describe(found: Sequence[Components]) -> str:
    training, draw, left = (
        median(shares)
        for shares in zip(
            *(
                (part.training / part.total, part.draw / part.total, part.draws_left)
                for part in found
            ),
            strict=True,
        )
    )
    fits = [part.fit / part.total for part in found if part.fit is not None]
    sources = (
        f"training {training:.0%}, fit {median(fits):.0%}"
        if fits
        else f"training and fit {training:.0%}"
    )
    return f"{sources}, draw {draw:.0%} ({left:.0%})"


def _mean_square(pairs: Iterable[tuple[float, float]], *, freedom: int) -> float:
    return sum((value - centre) ** 2 for value, centre in pairs) / freedom
