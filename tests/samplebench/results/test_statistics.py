"""Statistics against numpy and scipy, and the laws of the best group."""

import math
from itertools import combinations
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from samplebench.results.statistics import (
    Summary,
    not_significantly_worse,
    significantly_different,
)

values = st.floats(-1e6, 1e6)


@given(st.lists(values, min_size=2, max_size=9))
@settings(deadline=None)
def test_mean_and_deviation_are_those_of_numpy(sample: list[float]) -> None:
    summary = Summary.of(sample)
    scale = 1 + float(np.abs(sample).max())
    assert summary.mean == pytest.approx(np.mean(sample), abs=1e-12 * scale)
    assert summary.std == pytest.approx(np.std(sample, ddof=1), abs=1e-7 * scale)
    assert summary.n == len(sample)


def test_the_std_of_equal_values_is_zero() -> None:
    assert Summary.of([0.1] * 3).std == 0


def test_one_value_has_neither_std_nor_interval() -> None:
    summary = Summary.of([2.5])
    assert (summary.mean, summary.std, summary.n) == (2.5, None, 1)
    assert summary.interval() is None


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_the_interval_is_that_of_student(level: float) -> None:
    sample = [1.0, 2.0, 4.0, 4.5, 7.25]
    expected = stats.t.interval(level, 4, loc=np.mean(sample), scale=stats.sem(sample))
    assert Summary.of(sample).interval(level) == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(12))
def test_pairs_differ_significantly_where_scipy_says_so(seed: int) -> None:
    """scipy calls Games–Howell ``tukey_hsd`` with unequal variances."""
    random = np.random.default_rng(seed)
    count = int(random.integers(2, 6))
    samples = [
        random.normal(4 * index, random.uniform(0.5, 3), size=random.integers(2, 8))
        for index in range(count)
    ]
    expected = stats.tukey_hsd(*samples, equal_var=False).pvalue <= 0.05
    summaries = [Summary.of(sample.tolist()) for sample in samples]
    found = {
        (one, other): significantly_different(summaries[one], summaries[other], groups=count)
        for one, other in combinations(range(count), 2)
    }
    assert found == {pair: bool(expected[pair]) for pair in found}


@pytest.mark.parametrize(
    ("size", "count", "critical"),
    [
        (3, 2, 3.926),
        (3, 3, 5.040),
        (3, 5, 6.287),
        (3, 10, 7.826),
        (6, 2, 3.151),
        (6, 3, 3.877),
        (6, 5, 4.654),
        (6, 10, 5.598),
    ],
)
def test_the_limit_is_that_of_the_printed_tables(size: int, count: int, critical: float) -> None:
    """Upper 5 % points of the studentized range with 2 (size - 1) degrees of freedom."""
    best = Summary(0.0, math.sqrt(size), size)
    below, above = (Summary(critical * share, math.sqrt(size), size) for share in (0.999, 1.001))
    assert not significantly_different(below, best, groups=count)
    assert significantly_different(above, best, groups=count)


@pytest.mark.parametrize("better", ["lower", "higher"])
@pytest.mark.parametrize("seed", range(4))
def test_the_best_group_ends_where_scipy_can_tell_one_from_the_best(
    seed: int, better: str
) -> None:
    random = np.random.default_rng(100 + seed)
    groups = {name: random.normal(mean, 1, 5).tolist() for mean, name in enumerate("abcde")}
    names = list(groups)
    ordered = sorted(names, key=lambda name: np.mean(groups[name]), reverse=better == "higher")
    pvalues = stats.tukey_hsd(*groups.values(), equal_var=False).pvalue[names.index(ordered[0])]
    different = [place for place, name in enumerate(ordered) if pvalues[names.index(name)] <= 0.05]
    assert 0 < different[0] < 5
    assert not_significantly_worse(groups, better) == set(ordered[: different[0]])


def test_equal_methods_are_mostly_left_equal() -> None:
    """Among 10 equal methods with 5 seeds an uncorrected test finds a winner every second time."""
    random = np.random.default_rng(0)
    trials = 150
    false = 0
    for _ in range(trials):
        groups = dict(enumerate(random.normal(size=(10, 5)).tolist()))
        false += len(not_significantly_worse(groups, "lower")) < 10
    assert false / trials < 0.1


def test_groups_without_std_are_equal_when_their_means_are() -> None:
    groups = {"a": [1.0, 1.0], "b": [1.0, 1.0, 1.0], "c": [1.001, 1.001]}
    assert not_significantly_worse(groups, "lower") == {"a", "b"}
    assert not_significantly_worse(groups, "higher") == {"c"}


def test_a_group_without_std_is_tested_with_the_std_of_the_other() -> None:
    assert not_significantly_worse({"a": [1.0] * 3, "b": [0.5, 1.5, 3.0]}, "lower") == {
        "a",
        "b",
    }
    assert not_significantly_worse({"a": [1.0] * 3, "b": [9.0, 9.1, 9.2]}, "lower") == {"a"}


@pytest.mark.parametrize(
    "groups",
    [
        {},
        {"a": []},
        {"a": [1.0, 2.0]},
        {"a": [1.0, 1.1], "b": [5.0]},
        {"a": [1.0], "b": [5.0, 5.1], "c": [6.0, 6.1]},
        {"a": [1.0], "b": [2.0]},
    ],
)
def test_without_a_test_nobody_is_best(groups: dict[str, list[float]]) -> None:
    assert not_significantly_worse(groups, "lower") == set()


def test_one_seed_more_or_less_decides_whether_a_group_is_tested() -> None:
    groups = {"a": [1.0, 1.1], "b": [1.0, 1.2], "c": [1.06]}
    assert not_significantly_worse(groups, "lower") == {"a", "b"}


@given(
    st.dictionaries(st.integers(0, 9), st.lists(values, min_size=2, max_size=4), min_size=2),
    st.randoms(),
)
@settings(deadline=None, max_examples=50)
def test_the_order_of_the_groups_does_not_matter(
    groups: dict[int, list[float]], random: Random
) -> None:
    shuffled = list(groups.items())
    random.shuffle(shuffled)
    best = not_significantly_worse(groups, "lower")
    assert not_significantly_worse(dict(shuffled), "lower") == best
    means = {key: Summary.of(sample).mean for key, sample in groups.items()}
    assert min(means.values()) in {means[key] for key in best}


def test_huge_and_tiny_scores_are_compared_without_overflow() -> None:
    for scale in (1e-200, 1e200):
        groups = {"a": [scale, 1.01 * scale], "b": [50 * scale, 50.1 * scale]}
        assert not_significantly_worse(groups, "lower") == {"a"}
        assert math.isfinite(Summary.of(groups["a"]).error)
