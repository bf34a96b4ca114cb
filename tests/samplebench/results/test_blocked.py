"""The blocked test, against least squares, scipy and formulas written again."""

from itertools import combinations

import numpy as np
import pytest
from scipy import special, stats
from scipy.optimize import brentq

from samplebench.results.blocked import Blocked, are_additive


def simulate(seed, *, rows, seeds, spreads=1.0, shared=3.0):
    random = np.random.default_rng(seed)
    own = random.normal(size=(rows, seeds)) * np.broadcast_to(spreads, rows)[:, None]
    return np.arange(rows)[:, None] * 0.8 + own + shared * random.normal(size=seeds)


def left_by_least_squares(scores):
    """The residuals of the model row + seed, fitted to dummy variables."""
    rows, seeds = scores.shape
    row, seed = (index.ravel() for index in np.indices(scores.shape))
    design = np.concatenate([np.eye(rows)[row], np.eye(seeds)[seed]], 1)
    solution = np.linalg.lstsq(design, scores.ravel(), rcond=None)[0]
    return (scores.ravel() - design @ solution).reshape(scores.shape)


def verdicts(scores):
    test = Blocked.of(range(len(scores)), scores)
    return {pair: test.differ(*pair) for pair in combinations(range(len(scores)), 2)}


@pytest.mark.parametrize("seed", range(8))
def test_two_rows_are_compared_by_the_paired_t_test(seed):
    scores = simulate(seed, rows=2, seeds=4)
    expected = stats.ttest_rel(*scores).pvalue <= 0.05
    assert verdicts(scores) == {(0, 1): expected}


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("spreads", [(1, 1, 1, 1, 1, 1), (1, 1, 1, 3, 3, 3), (1, 1, 1, 1, 1, 30)])
def test_verdicts_are_those_of_the_formulas_written_again(seed, spreads):
    rows, seeds = 6, 4
    scores = simulate(seed, rows=rows, seeds=seeds, spreads=spreads)
    degrees = (seeds - 1) * (rows - 1) / rows
    variances = (left_by_least_squares(scores) ** 2).sum(1) / degrees
    excess = np.var(np.log(variances), ddof=1) - 0.35 * special.polygamma(1, degrees / 2)
    if excess > 0:
        prior = 2 * brentq(lambda x: special.polygamma(1, x) - excess, 1e-3, 1e9)
        own = (prior * variances.mean() + degrees * variances) / (prior + degrees)
    else:
        prior, own = np.inf, np.full(rows, variances.mean())
    most = (rows - 1) * (seeds - 1)
    for one, other in combinations(range(rows), 2):
        both = own[one] + own[other]
        q = abs(scores[one].mean() - scores[other].mean()) / np.sqrt(both / 2 / seeds)
        each = min(prior + degrees, most)
        freedom = min(both**2 * each / (own[one] ** 2 + own[other] ** 2), most)
        expected = stats.studentized_range.sf(q, rows, freedom) <= 0.05
        assert Blocked.of(range(rows), scores).differ(one, other) == expected


def test_equal_spreads_give_tukeys_blocked_test():
    """With residuals of one size in all rows there is nothing but their mean to go by."""
    random = np.random.default_rng(0)
    noise = random.normal(size=4)
    noise -= noise.mean()
    scores = np.array([[0.0], [0.4], [1.9], [2.6]]) + np.array([[1], [-1], [1], [-1]]) * noise
    error = (left_by_least_squares(scores) ** 2).sum() / (3 * 3)
    expected = {
        (one, other): stats.studentized_range.sf(
            abs(scores[one].mean() - scores[other].mean()) / np.sqrt(error / 4), 4, 9
        )
        <= 0.05
        for one, other in combinations(range(4), 2)
    }
    assert set(expected.values()) == {True, False}
    assert verdicts(scores) == expected


def test_what_seeds_share_changes_no_verdict():
    scores = simulate(3, rows=8, seeds=5, shared=0)
    assert verdicts(scores) == verdicts(scores + np.array([100.0, -30.0, 7.0, 0.0, 1.0]))
    assert any(verdicts(scores).values())


def test_rows_that_differ_by_the_same_at_each_seed_are_different():
    scores = np.array([[1.0, 2.0, 4.0], [1.5, 2.5, 4.5], [1.0, 2.0, 4.0]])
    assert verdicts(scores) == {(0, 1): True, (0, 2): False, (1, 2): True}


@pytest.mark.parametrize("seed", range(6))
def test_additivity_is_tukeys_test_with_one_degree_of_freedom(seed):
    random = np.random.default_rng(seed)
    scores = simulate(seed, rows=5, seeds=4)
    if seed % 2:
        scores = np.exp(scores) + random.normal(size=scores.shape)
    rows, seeds = scores.mean(1) - scores.mean(), scores.mean(0) - scores.mean()
    product = np.outer(rows, seeds)
    left = left_by_least_squares(scores)
    slope = (product * left).sum() / (product**2).sum()
    rest = ((left - slope * product) ** 2).sum()
    ratio = ((left**2).sum() - rest) / (rest / 11)
    assert are_additive(scores) == (stats.f.sf(ratio, 1, 11) > 0.01)


def test_scores_that_multiply_are_additive_as_logarithms_alone():
    ratios = np.outer([1, 2, 4, 8, 16], [1, 3, 9, 27])
    noisy = ratios * np.exp(0.05 * np.random.default_rng(1).normal(size=ratios.shape))
    assert not are_additive(noisy)
    assert are_additive(np.log(noisy))
