"""The nearest centre against all distances from differences in float64."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from samplebench import seeded
from samplebench.clusters import find_nearest, k_means, nearest
from samplebench.clusters.centres import move_centres


def draws(*shape, seed=0):
    with seeded(seed, "draws"):
        return torch.randn(*shape)


def nearest_by_differences(points, centres):
    gaps = points.double()[:, None] - centres.double()
    return gaps.square().sum(-1).argmin(1)


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 70), st.integers(1, 300), st.integers(1, 9), st.integers(1, 3000), st.integers()
)
def test_it_is_the_nearest_whatever_the_sizes_and_the_tile(points, count, width, tile, seed):
    sites, centres = draws(points, width, seed=seed), draws(count, width, seed=seed + 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(nearest._TILE, "cpu", tile)
        found = find_nearest(sites, centres)
    assert torch.equal(found, nearest_by_differences(sites, centres))


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.floats(-6, 30), min_size=1, max_size=4),
    st.floats(-3, 6),
    st.integers(1, 120),
    st.integers(),
)
def test_it_is_the_nearest_however_far_some_centres_and_points_are(far, away, count, seed):
    """Centres at powers of ten, each with company, and points near them and near the others."""
    places = torch.cat([torch.zeros(1), 10 ** torch.tensor(far)])
    centres = torch.cat([draws(count, 5, seed=seed) + place for place in places])
    points = torch.cat([draws(40, 5, seed=seed + 1) * 10**away + place for place in places])
    assert torch.equal(find_nearest(points, centres), nearest_by_differences(points, centres))


@pytest.mark.parametrize("scale", [1e-43, 1e-38, 1e-23, 1e-3, 1e20, 1e37])
@pytest.mark.parametrize("count", [17, 600])
def test_it_is_the_nearest_at_any_scale(count, scale):
    points, centres = scale * draws(500, 6), scale * draws(count, 6, seed=1)
    assert torch.equal(find_nearest(points, centres), nearest_by_differences(points, centres))


@pytest.mark.parametrize("far", [1e3, 1e4, 1e5, 1e20, 1e38])
def test_one_far_centre_changes_no_label(far):
    points, centres = draws(2000, 8), draws(16, 8, seed=1)
    joined = torch.cat([centres, torch.full((1, 8), far)])
    assert torch.equal(find_nearest(points, joined), nearest_by_differences(points, centres))


def test_few_points_are_compared_again_where_no_centre_is_far(monkeypatch):
    compared = []
    again = nearest._compare_again
    monkeypatch.setattr(
        nearest,
        "_compare_again",
        lambda points, centres: compared.append(len(points)) or again(points, centres),
    )
    points, centres = draws(5000, 16), draws(512, 16, seed=1)
    find_nearest(points, centres)
    find_nearest(points, torch.cat([centres, torch.full((1, 16), 1e5)]))
    assert sum(compared) < 0.02 * len(points)


def test_of_numbers_that_differ_in_the_last_place_the_nearest_is_found():
    step = torch.finfo(torch.float32).eps
    centres = 1 + step * torch.arange(0, 64.0)[:, None]
    assert find_nearest(centres, centres).tolist() == list(range(64))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_every_floating_type_is_compared_exactly(dtype):
    points, centres = draws(800, 6).to(dtype), draws(300, 6, seed=1).to(dtype)
    assert torch.equal(find_nearest(points, centres), nearest_by_differences(points, centres))


def test_the_lowest_of_equal_centres_is_taken():
    centres = draws(4, 3)[[2, 0, 2, 1, 0]]
    assert find_nearest(centres, centres).tolist() == [0, 1, 0, 3, 1]
    many = centres.repeat(200, 1)
    assert find_nearest(many, many).tolist() == [0, 1, 0, 3, 1] * 200


def test_equal_centres_are_compared_once(monkeypatch):
    """A codebook that starts from fewer points than it has codes holds many equal ones."""
    compared = []
    square_gaps = nearest._square_gaps
    monkeypatch.setattr(
        nearest,
        "_square_gaps",
        lambda *given: compared.append(len(given[2])) or square_gaps(*given),
    )
    centres = draws(3, 8).repeat(200, 1)
    assert find_nearest(centres, centres).tolist() == [0, 1, 2] * 200
    assert sum(compared) <= 2 * len(centres)


def test_a_point_halfway_between_two_centres_gets_the_lower_one():
    centres = torch.tensor([[-1.0], [1.0], [3.0]])
    assert find_nearest(torch.tensor([[0.0], [2.0]]), centres).tolist() == [0, 1]


def test_one_centre_is_nearest_to_all():
    assert find_nearest(draws(7, 3), draws(1, 3)).tolist() == [0] * 7


def test_a_point_that_is_not_finite_gets_some_centre_and_changes_no_other():
    points, centres = draws(5, 3), draws(40, 3, seed=1)
    right = nearest_by_differences(points, centres)
    points[1], points[3, 0] = torch.nan, torch.inf
    found = find_nearest(points, centres)
    assert found[[0, 2, 4]].tolist() == right[[0, 2, 4]].tolist()
    assert 0 <= found.min() <= found.max() < 40


def test_autocast_lowers_no_precision():
    points, centres = draws(2000, 8), draws(64, 8, seed=1)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = find_nearest(points, centres)
    assert torch.equal(found, nearest_by_differences(points, centres))


def test_centres_move_to_their_points_though_one_is_far_from_all():
    points = draws(2000, 8)
    centres = torch.cat([draws(30, 8, seed=1), torch.full((1, 8), 1e5)])
    labels = nearest_by_differences(points, centres)
    moved = move_centres(centres, points)
    for label in labels.unique():
        torch.testing.assert_close(moved[label], points[labels == label].mean(0))


def test_the_variance_about_centres_is_exact_though_one_point_is_far():
    points = torch.cat([1e-3 * draws(300, 2), torch.full((1, 2), 1e5)])
    with seeded(0):
        centres, variance = k_means(points, 30, 20)
    gaps = points.double()[:, None] - centres
    expected = gaps.square().sum(2).amin(1).mean() / 2
    assert float(variance) == pytest.approx(float(expected), rel=1e-3)
