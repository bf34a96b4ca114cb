"""k-means against scikit-learn from the same start."""

import pytest
import torch
from sklearn.cluster import KMeans

from samplebench import seeded
from samplebench_quantized.kmeans import draw_points, k_means


def draws(*shape):
    with seeded(0, "draws"):
        return torch.randn(*shape, dtype=torch.float64)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("rounds", [1, 2, 7])
def test_the_rounds_are_lloyds(rounds):
    points = draws(600, 3)
    with seeded(1, "start"):
        start = draw_points(points, 8)
    with seeded(1, "start"):
        ours = k_means(points, 8, rounds)
    theirs = KMeans(8, init=start.numpy(), n_init=1, max_iter=rounds, tol=0)
    theirs.fit(points.numpy())
    torch.testing.assert_close(ours, torch.from_numpy(theirs.cluster_centers_))


def test_it_finds_clusters_far_apart():
    middles = 100 * draws(5, 4)
    points = middles.repeat(40, 1) + draws(200, 4)
    found = k_means(points, 60)
    assert (torch.cdist(middles, found).amin(1) < 5).all()


def test_a_codeword_without_points_moves_to_one():
    points = torch.tensor([[0.0], [0.0], [0.0], [9.0]])  # copies of 0 are drawn, one is nearest
    found = k_means(points, 4, rounds=50)
    assert set(found.flatten().tolist()) == {0.0, 9.0}


def test_fewer_points_than_codes_are_each_a_codeword():
    points = draws(3, 2)
    found = k_means(points, 8, rounds=0)
    assert len(found) == 8
    assert (torch.cdist(points, found) == 0).sum(1).tolist() in ([3, 3, 2], [3, 2, 3], [2, 3, 3])
