"""Contests: the leaders by the blocked test, or by Games–Howell where rows share no seeds."""

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samplebench.results.blocked import Blocked
from samplebench.results.contest import Contest
from samplebench.results.statistics import GamesHowell, Summary

values = st.floats(-1e6, 1e6)


def contest(groups, better="lower", **settings):
    """With the seeds 0, 1, 2, … of each row."""
    return Contest(
        {row: dict(enumerate(held)) for row, held in groups.items()}, better, **settings
    )


def leaders(groups, better="lower", **settings):
    return contest(groups, better, **settings).find_leaders()


def test_a_lead_that_all_seeds_share_is_seen_where_independent_groups_would_hide_it():
    groups = {"a": [10.0, 20.0, 30.0], "b": [11.0, 21.1, 31.0], "c": [11.1, 21.0, 31.1]}
    assert leaders(groups) == {"a"}
    summaries = {row: Summary.of(held) for row, held in groups.items()}
    assert not GamesHowell(summaries).differ("a", "b")


@pytest.mark.parametrize(("better", "first"), [("lower", "a"), ("higher", "e")])
def test_the_leaders_end_before_the_first_that_differs_from_the_best(better, first):
    random = np.random.default_rng(5)
    groups = {name: random.normal(0.9 * mean, 1, 5).tolist() for mean, name in enumerate("abcde")}
    test = contest(groups).choose_test(list(groups))
    ordered = sorted(groups, key=lambda name: np.mean(groups[name]), reverse=better == "higher")
    assert ordered[0] == first
    different = [test.differ(name, first) for name in ordered]
    assert 0 < different.index(True) < 4
    assert leaders(groups, better) == set(ordered[: different.index(True)])


def test_a_noisy_row_does_not_pass_a_better_one():
    random = np.random.default_rng(0)
    quiet = {f"row {place}": random.normal(1.2, 0.15, 5).tolist() for place in range(8)}
    rows = {
        "best": random.normal(0, 0.15, 5).tolist(),
        **quiet,
        "noisy": [-0.2, 3.0, 0.6, 1.4, 2.3],
    }
    rows = {row: list(map(float, held)) for row, held in rows.items()}
    assert np.mean(rows["noisy"]) > max(np.mean(held) for held in quiet.values())
    test = contest(rows).choose_test(list(rows))
    assert not test.differ("best", "noisy")
    assert leaders(rows) == {"best"}


def test_equal_rows_are_mostly_left_equal():
    random = np.random.default_rng(0)
    boards = random.normal(size=(200, 10, 3)) + 2 * random.normal(size=(200, 1, 3))
    false = sum(len(leaders(dict(enumerate(board.tolist())))) < 10 for board in boards)
    assert false / 200 < 0.09


def test_rows_that_lack_a_seed_are_compared_over_the_seeds_that_all_have():
    held = {"a": {0: 10.0, 1: 20.0, 2: 30.0}, "b": {0: 11.0, 1: 21.1, 2: 31.0, 3: 5.0}}
    test = Contest(held, "lower").choose_test(["a", "b"])
    assert isinstance(test, Blocked)
    assert test.seeds == 3


def test_a_row_is_not_worse_if_only_the_seeds_that_it_lacks_say_so():
    """Without the easy seed 3, b is better by as much at every seed."""
    held = {"a": {0: 2.0, 1: 3.0, 2: 4.0, 3: -9.0}, "b": {0: 1.0, 1: 2.01, 2: 3.0}}
    test = Contest(held, "lower").choose_test(["a", "b"])
    assert test.differ("a", "b")
    assert test.mean_of("b") < test.mean_of("a")
    assert Contest(held, "lower").find_leaders() == {"a", "b"}


def test_rows_that_share_fewer_than_two_seeds_are_compared_as_independent_groups():
    held = {"a": {0: 1.0, 1: 1.1}, "b": {1: 9.0, 2: 9.1}}
    assert isinstance(Contest(held, "lower").choose_test(["a", "b"]), GamesHowell)


def test_rows_whose_seeds_do_not_shift_all_alike_are_compared_as_independent_groups():
    ratios = np.outer([1, 2, 4, 8, 16], [1, 3, 9, 27]).astype(float)
    ratios *= 1 + 0.01 * np.random.default_rng(0).normal(size=ratios.shape)
    groups = dict(enumerate(ratios.tolist()))
    assert isinstance(contest(groups).choose_test(list(groups)), GamesHowell)
    assert isinstance(contest(groups, logarithms=True).choose_test(list(groups)), Blocked)


@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1.0, 1e160, 1e306])
def test_scores_of_any_size_have_the_same_leaders(scale):
    groups = {"a": [1.0, 1.1, 1.2], "b": [1.1, 1.0, 1.15], "c": [9.0, 9.1, 9.3]}
    scaled = {row: [scale * score for score in held] for row, held in groups.items()}
    assert leaders(scaled) == leaders(groups) == {"a", "b"}


def test_logarithms_are_left_out_where_a_score_is_not_positive():
    groups = {"a": [0.0, 0.1, 0.2], "b": [5.0, 5.1, 5.2]}
    assert leaders(groups, logarithms=True) == leaders(groups) == {"a"}


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
def test_without_a_test_nobody_leads(groups):
    assert leaders(groups) == set()


def test_a_row_of_one_seed_does_not_lead():
    assert leaders({"a": [1.0, 1.1], "b": [1.0, 1.2], "c": [1.06]}) == {"a", "b"}


@given(
    st.dictionaries(st.integers(0, 9), st.lists(values, min_size=2, max_size=4), min_size=2),
    st.randoms(),
)
@settings(deadline=None, max_examples=50)
def test_the_order_of_the_rows_does_not_matter(
    groups: dict[int, list[float]], random: Random
) -> None:
    shuffled = list(groups.items())
    random.shuffle(shuffled)
    best = leaders(groups)
    assert len(leaders(dict(shuffled))) == len(best)
    means = {row: Summary.of(held).mean for row, held in groups.items()}
    assert min(means.values()) in {means[row] for row in best}
