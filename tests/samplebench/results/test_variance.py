"""The sources of variance: estimates of what a simulation put in."""

import numpy as np
import pytest

from samplebench.results.assembly import assemble
from samplebench.results.variance import Components, describe_variance

SEEDS, FITS, DRAWS = 12, 3, 5


def simulate(*, training, fit, draw, boards, fits=FITS, seed=0):
    """Scores (boards, seeds, fits, draws) with these standard deviations."""
    noise = np.random.default_rng(seed).normal
    return (
        7
        + training * noise(size=(boards, SEEDS, 1, 1))
        + fit * noise(size=(boards, SEEDS, fits, 1))
        + draw * noise(size=(boards, SEEDS, fits, DRAWS))
    )


def test_the_mean_squares_are_those_of_a_nested_analysis_of_variance():
    [scores] = simulate(training=3, fit=2, draw=1, boards=1)
    found = Components.of(scores.tolist())
    of_draws = scores.var(2, ddof=1).mean()
    of_fits = DRAWS * scores.mean(2).var(1, ddof=1).mean()
    of_seeds = FITS * DRAWS * scores.mean((1, 2)).var(ddof=1)
    assert found.draw == pytest.approx(of_draws)
    assert found.fit == pytest.approx((of_fits - of_draws) / DRAWS)
    assert found.training == pytest.approx((of_seeds - of_fits) / (FITS * DRAWS))


@pytest.mark.parametrize(("training", "fit", "draw"), [(4, 2, 1), (3, 3, 1), (2, 1, 1)])
def test_the_estimates_are_right_on_average(training, fit, draw):
    boards = simulate(training=training, fit=fit, draw=draw, boards=3000)
    found = [Components.of(scores.tolist()) for scores in boards]
    means = np.mean([[each.training, each.fit, each.draw] for each in found], 0)
    assert means == pytest.approx([training**2, fit**2, draw**2], rel=0.05)


def test_with_one_fit_each_training_has_the_variance_of_both():
    boards = simulate(training=2, fit=2, draw=1, boards=3000, fits=1)
    found = [Components.of(scores.tolist()) for scores in boards]
    assert {each.fit for each in found} == {None}
    assert np.mean([each.training for each in found]) == pytest.approx(8, rel=0.1)


def test_the_share_of_draws_that_is_left_in_a_mean_is_that_of_the_mean():
    boards = simulate(training=1, fit=1, draw=4, boards=10_000)
    within = (4**2 / (FITS * DRAWS)) / boards.mean((2, 3)).var()
    components = Components(1.0, 1.0, 16.0, FITS, DRAWS)
    assert components.draws_left == pytest.approx(within, rel=0.03)


def test_a_score_that_does_not_vary_has_no_components():
    found = Components.of([[[2.0, 2.0]] * 2] * 3)
    assert (found.training, found.fit, found.draw, found.total) == (0, 0, 0, 0)


@pytest.mark.parametrize("scale", [1e-300, 1e160, 1e306])
def test_scores_of_any_size_have_the_same_shares_of_variance(make_record, make_score, scale):
    def describe(scale):
        [scores] = scale * simulate(training=3, fit=2, draw=1, boards=1)
        made = [
            make_record("gmm", seed, [make_score("FD", scale, values=tuple(map(tuple, values)))])
            for seed, values in enumerate(scores.tolist())
        ]
        return describe_variance(assemble(made)[0])

    assert describe(scale) == describe(1.0) != []
