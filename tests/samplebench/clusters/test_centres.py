"""k-means against scikit-learn, and its start against the distribution of k-means++."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.cluster import KMeans

from samplebench import seeded
from samplebench.clusters import choose_by_weight, k_means
from samplebench.clusters.centres import CHUNK, move_centres


def test_many_rounds_end_where_scikit_learn_ends():
    with seeded(0):
        points = torch.randn(CHUNK + 3000, 3, dtype=torch.float64)
    points[:, 0] += 4 * (torch.arange(len(points)) % 3)
    with seeded(1):
        start, _ = k_means(points, 3, 0)
    with seeded(1):
        centres, variance = k_means(points, 3, 100)
    their = KMeans(3, init=start.numpy(), n_init=1, tol=0, max_iter=100).fit(points.numpy())
    np.testing.assert_allclose(centres.numpy(), their.cluster_centers_, atol=1e-2)
    assert variance == pytest.approx(their.inertia_ / points.numel(), rel=1e-5)


@pytest.mark.slow
def test_the_next_centre_is_the_better_of_two_drawn_by_squared_distance():
    """From 0, for example, 1 is drawn with probability 1/10, and kept only if both draws are 1."""
    points = torch.tensor([[0.0], [1.0], [3.0]])
    counts = np.zeros((3, 3))
    with seeded(0):
        for _ in range(3000):
            first, second = (int(c) for c in k_means(points, 2, 0)[0].flatten())
            counts[[0, 1, 3].index(first), [0, 1, 3].index(second)] += 1
    assert stats.chisquare(counts.sum(1)).pvalue > 1e-3
    for row, odds in zip(counts, ([0, 1, 99], [4, 0, 96], [9, 4, 0]), strict=True):
        others = np.array(odds) > 0
        assert row[~others].sum() == 0
        expected = row.sum() * np.array(odds) / sum(odds)
        assert stats.chisquare(row[others], expected[others]).pvalue > 1e-3


def test_a_centre_that_loses_all_its_points_stays():
    points = torch.tensor([[0.0], [1.0], [5.0]])
    centres = move_centres(torch.tensor([[1.0], [100.0]]), points)
    assert centres.tolist() == [[2.0], [100.0]]


def test_as_many_centres_as_points_leave_no_variance():
    points = torch.tensor([[0.0], [1.0], [10.0]])
    with seeded(0):
        centres, variance = k_means(points, 3, 5)
    assert sorted(centres.flatten().tolist()) == [0, 1, 10]
    assert variance == 0


@settings(deadline=None)
@given(st.lists(st.sampled_from([0.0, 1e-30, 1.0, 1e30]), min_size=1).filter(any))
def test_a_weight_of_zero_is_never_chosen(weights):
    tensor = torch.tensor(weights)
    assert (tensor[choose_by_weight(tensor, 50)] > 0).all()


def test_choices_follow_their_weights():
    weights = torch.tensor([3.0, 0.0, 1.0, 6.0])
    with seeded(0):
        counts = choose_by_weight(weights, 10_000).bincount(minlength=4).numpy()
    assert counts[1] == 0
    assert stats.chisquare(counts[[0, 2, 3]], [3000, 1000, 6000]).pvalue > 1e-3


def test_a_draw_of_exactly_zero_passes_over_leading_weights_of_zero(monkeypatch):
    monkeypatch.setattr(torch, "rand", torch.zeros)
    assert choose_by_weight(torch.tensor([0.0, 0.0, 2.0, 1.0]), 3).tolist() == [2, 2, 2]


def test_rounds_end_when_no_centre_moves():
    points = torch.randn(200, 2, generator=torch.Generator().manual_seed(0))
    with seeded(0):
        enough, _ = k_means(points, 3, 100)
    with seeded(0):
        centres, _ = k_means(points, 3, 10**12)
    assert torch.equal(centres, enough)


@pytest.mark.parametrize("power", [-120, -76, 66, 120])
def test_the_unit_of_the_points_changes_nothing(power):
    points = torch.randn(200, 2, generator=torch.Generator().manual_seed(0))
    found = []
    for unit in (1.0, 2.0**power):
        with seeded(0):
            found.append((*k_means(points * unit, 5, 20), unit))
    (plain, variance, _), (centres, scaled, unit) = found
    assert torch.equal(centres, plain * unit)
    assert scaled == variance * unit**2
