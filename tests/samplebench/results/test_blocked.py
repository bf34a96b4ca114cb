"""The blocked test, against least squares, scipy and formulas written again."""

from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from samplebench.results import blocked
from samplebench.results.blocked import Blocked, are_additive


def simulate(seed, *, rows, seeds, spreads=1.0, shared=3.0):
    random = np.random.default_rng(seed)
    own = random.normal(size=(rows, seeds)) * np.broadcast_to(spreads, rows)[:, None]
    return np.arange(rows)[:, None] * 0.8 + own + shared * random.normal(size=seeds)


def make_residuals(rows, seeds):
    """The matrix that takes all scores, row by row, to what least squares leaves of them."""
    row, seed = (index.ravel() for index in np.indices((rows, seeds)))
    design = np.concatenate([np.eye(rows)[row], np.eye(seeds)[seed]], 1)
    return np.eye(rows * seeds) - design @ np.linalg.pinv(design)


def left_by_least_squares(scores):
    """The residuals of the model row + seed, fitted to dummy variables."""
    return (make_residuals(*scores.shape) @ scores.ravel()).reshape(scores.shape)


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
def test_verdicts_are_those_of_quadratic_forms_in_all_scores(seed, spreads):
    """Each sum of two variances is x'Qx, whose variance is 2 tr(QVQV) for normal x."""
    rows, seeds = 6, 4
    scores = simulate(seed, rows=rows, seeds=seeds, spreads=spreads)
    residuals = make_residuals(rows, seeds)
    blocks = [np.kron(np.diag(np.eye(rows)[row]), np.eye(seeds)) for row in range(rows)]
    forms = [residuals @ block @ residuals for block in blocks]
    pooled = sum(forms) / ((rows - 1) * (seeds - 1))
    forms = [0.4 * pooled + 0.6 * form * rows / (rows - 1) / (seeds - 1) for form in forms]
    flat = scores.ravel()
    own = np.array([flat @ form @ flat for form in forms])
    covariance = np.kron(np.diag(own), np.eye(seeds))
    for one, other in combinations(range(rows), 2):
        both = own[one] + own[other]
        product = (forms[one] + forms[other]) @ covariance
        freedom = 2 * both**2 / (2 * np.trace(product @ product))
        q = abs(scores[one].mean() - scores[other].mean()) / np.sqrt(both / 2 / seeds)
        expected = stats.studentized_range.sf(q, rows, freedom) <= 0.05
        assert Blocked.of(range(rows), scores).differ(one, other) == expected


def test_with_nothing_but_the_mean_variance_it_is_tukeys_blocked_test(monkeypatch):
    monkeypatch.setattr(blocked, "POOLED", 1.0)
    for seed in range(8):
        scores = simulate(seed, rows=4, seeds=4, spreads=(1, 2, 1, 1))
        error = (left_by_least_squares(scores) ** 2).sum() / (3 * 3)
        for pair, found in verdicts(scores).items():
            q = abs(np.diff(scores[list(pair)].mean(1)).item()) / np.sqrt(error / 4)
            assert found == (stats.studentized_range.sf(q, 4, 9) <= 0.05)


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
