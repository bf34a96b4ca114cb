"""Agreement: Kendall's τ by counting pairs, over the rows that compete."""

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import kendalltau

from samplebench.results.agreement import compare_seeds, compute_tau, describe_agreement
from samplebench.results.assembly import assemble
from samplebench.results.marking import mark


def tau_by_counting(one, other):
    """τ-b: concordant minus discordant pairs, over the root of the pairs that each can order."""
    pairs = list(combinations(range(len(one)), 2))
    signs = [(np.sign(one[i] - one[j]), np.sign(other[i] - other[j])) for i, j in pairs]
    agreeing = sum(a * b for a, b in signs)
    return agreeing / np.sqrt(sum(a != 0 for a, _ in signs) * sum(b != 0 for _, b in signs))


@pytest.fixture
def ranking_of(make_record, make_score):
    """``ranking_of({"gmm": [(FD, W2), …]})``: a pair of scores for each seed of a row."""

    def ranking_of(rows, **about):
        made = [
            make_record(
                name,
                seed,
                [make_score("FD", first), make_score("W2", second, subject="latents", **about)],
            )
            for name, scores in rows.items()
            for seed, (first, second) in enumerate(scores)
        ]
        [ranking] = assemble(made)
        return mark(ranking)

    return ranking_of


@pytest.mark.parametrize("seed", range(5))
def test_tau_is_that_of_counting_pairs(ranking_of, seed):
    scores = np.random.default_rng(seed).integers(1, 6, size=(5, 2)).astype(float)
    scores[0] = 0.5, 9.0  # not all equal
    ranking = ranking_of({f"s{place}": [tuple(pair)] for place, pair in enumerate(scores)})
    found = compute_tau(ranking, ranking.rows, 0, 1)
    assert found == pytest.approx(tau_by_counting(*scores.T))


@pytest.mark.filterwarnings("ignore:invalid value encountered")  # scipy's, of no order
@pytest.mark.parametrize("seed", range(5))
def test_tau_with_ties_is_scipys(ranking_of, seed):
    noise = np.random.default_rng(seed)
    values = noise.integers(0, 1 + seed, (9, 2)).astype(float)
    ranking = ranking_of({f"s{n}": [tuple(pair)] for n, pair in enumerate(values)})
    rows = [row for row in ranking.rows if row.kind == "sampler"]
    pairs = [[row.entries[at].values[0] for at in (0, 1)] for row in rows]
    expected = kendalltau(*zip(*pairs, strict=True)).statistic
    assert compute_tau(ranking, rows, 0, 1) == pytest.approx(expected, nan_ok=True)


def test_a_column_where_higher_is_better_is_turned_round(ranking_of):
    rows = {f"s{place}": [(float(place), -float(place))] for place in range(4)}
    for better, expected in (("lower", -1), ("higher", 1)):
        ranking = ranking_of(rows, better=better)
        assert compute_tau(ranking, ranking.rows, 0, 1) == expected


def test_seeds_are_compared_in_pairs(ranking_of):
    rows = {
        "a": [(1.0, 1.0), (1.0, 1.0), (3.0, 1.0)],
        "b": [(2.0, 2.0), (2.0, 2.0), (2.0, 2.0)],
        "c": [(3.0, 3.0), (3.0, 3.0), (1.0, 3.0)],
    }
    ranking = ranking_of(rows)
    assert compare_seeds(ranking.rows, 0) == [1.0, -1.0, -1.0]
    assert compare_seeds(ranking.rows, 1) == [1.0, 1.0, 1.0]


def test_the_board_says_where_columns_name_different_winners(ranking_of):
    rows = {"a": [(1.0, 3.0)] * 2, "b": [(2.0, 2.0)] * 2, "c": [(3.0, 1.0)] * 2}
    order, winners = (text[0] for text in describe_agreement(ranking_of(rows)))
    assert "FD and W2 -1.00" in order
    assert "different winners in 1 of 1" in winners
    same = {name: [(pair[0], pair[0])] for name, [pair, _] in rows.items()}
    assert "the same winner" in describe_agreement(ranking_of(same))[1][0]


def test_two_rows_or_one_column_have_no_agreement_to_speak_of(ranking_of, seeds_of):
    assert describe_agreement(ranking_of({"a": [(1.0, 3.0)], "b": [(2.0, 2.0)]})) == []
    [alone] = assemble([r for name in "abc" for r in seeds_of(name, [1.0, 2.0])])
    assert describe_agreement(alone) == []
