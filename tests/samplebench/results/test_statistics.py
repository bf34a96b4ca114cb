"""Statistics against numpy and scipy, and the laws of the best group."""

import math
import sys
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from samplebench.results.score_text import format_score
from samplebench.results.statistics import GamesHowell, Summary

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
    test = GamesHowell(
        {index: Summary.of(sample.tolist()) for index, sample in enumerate(samples)}
    )
    found = {pair: test.differ(*pair) for pair in combinations(range(count), 2)}
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

    def differ(mean: float) -> bool:
        means = [0.0, mean, *[0.0] * (count - 2)]
        return GamesHowell(
            {place: Summary(each, math.sqrt(size), size) for place, each in enumerate(means)}
        ).differ(0, 1)

    assert not differ(0.999 * critical)
    assert differ(1.001 * critical)


def test_groups_without_std_differ_when_their_means_do() -> None:
    groups = {"a": [1.0, 1.0], "b": [1.0, 1.0, 1.0], "c": [1.001, 1.001]}
    test = GamesHowell({key: Summary.of(sample) for key, sample in groups.items()})
    assert (test.differ("a", "b"), test.differ("a", "c")) == (False, True)


def test_a_group_without_std_is_tested_with_the_std_of_the_other() -> None:
    still = Summary.of([1.0] * 3)
    near, far = Summary.of([0.5, 1.5, 3.0]), Summary.of([9.0, 9.1, 9.2])
    assert not GamesHowell({"a": still, "b": near}).differ("a", "b")
    assert GamesHowell({"a": still, "b": far}).differ("a", "b")


@pytest.mark.parametrize("scale", [1e-300, 1e-200, 1e200, 1.7e308])
def test_huge_and_tiny_scores_have_means_stds_and_verdicts(scale: float) -> None:
    samples = {"a": [scale, 0.99 * scale], "b": [scale / 50, 0.99 * scale / 50]}
    summaries = {key: Summary.of(sample) for key, sample in samples.items()}
    assert summaries["a"].mean == pytest.approx(0.995 * scale)
    assert summaries["a"].std == pytest.approx(0.01 / math.sqrt(2) * scale)
    assert GamesHowell(summaries).differ("a", "b")


def test_scores_at_both_ends_of_the_floats_have_a_finite_summary() -> None:
    summary = Summary.of([1.7e308, -1.7e308, 1.7e308])
    assert summary.mean == pytest.approx(1.7e308 / 3)
    assert summary.std == summary.reach() == sys.float_info.max
    assert format_score(summary) == "0.57e308 ± 1.80e308"
