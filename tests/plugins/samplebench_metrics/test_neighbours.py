"""Neighbours against differences in float64, also where squares lose them."""

import pytest
import torch
from torch import Tensor

from samplebench_metrics import neighbours
from samplebench_metrics.neighbours import find_neighbours


def by_differences(queries: Tensor, points: Tensor) -> tuple[Tensor, Tensor]:
    """The squared distances to the two nearest points, and the number of the nearest."""
    squares = torch.stack([(q.double() - points.double()).square().sum(1) for q in queries])
    ordered = squares.sort(dim=1, stable=True)
    return ordered.values[:, :2], ordered.indices[:, 0]


@pytest.fixture
def small_tiles(monkeypatch):
    monkeypatch.setattr(neighbours, "_POINTS", 64)
    monkeypatch.setattr(neighbours, "_QUERIES", 30)


CLOUDS = {
    "one cloud": lambda p: p,
    "far from zero": lambda p: p + 1e6,
    "one point is very far": lambda p: torch.cat([p[1:], torch.full((1, p.shape[1]), 1e12)]),
    "two clouds, far from each other": lambda p: p + 1e8 * (torch.arange(len(p))[:, None] % 2),
    "one direction is very wide": lambda p: torch.cat([1e10 * p[:, :1], p[:, 1:]], dim=1),
    "very small": lambda p: p * 1e-15,
    "duplicates": lambda p: p[torch.arange(len(p)) // 3],
    "whole numbers": lambda p: p.round(),
}


@pytest.mark.parametrize("dimensions", [2, 16])
@pytest.mark.parametrize("cloud", CLOUDS)
def test_they_are_those_that_differences_in_float64_find(small_tiles, cloud, dimensions):
    torch.manual_seed(dimensions)
    both = CLOUDS[cloud](torch.randn(400, dimensions, dtype=torch.float64))
    points, queries = both[100:], both[:100]
    queries[::4] = points[:25]  # copies
    queries[1::4] = points[25:50] + 1e-6 * points[25:50].std() * torch.randn(25, dimensions)
    found = find_neighbours(queries, points)
    expected, nearest = by_differences(queries, points)
    torch.testing.assert_close(found.first, expected[:, 0], rtol=2e-6, atol=0)
    torch.testing.assert_close(found.second, expected[:, 1], rtol=2e-6, atol=0)
    apart = expected[:, 1] > expected[:, 0] * (1 + 1e-5)
    assert torch.equal(found.nearest[apart], nearest[apart])
    assert torch.equal(found.first == 0, expected[:, 0] == 0)


def test_the_first_of_equally_near_points_is_the_nearest(small_tiles):
    points = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0], [7.0, 7.0]]).repeat(
        30, 1
    )
    found = find_neighbours(torch.zeros(3, 2), points)
    assert found.nearest.tolist() == [0, 0, 0]
    assert found.second.tolist() == [1.0, 1.0, 1.0]


def test_an_excluded_point_is_nobodys_neighbour():
    points = torch.tensor([[0.0], [1.0], [3.0]])
    found = find_neighbours(points, points, excluded=torch.arange(3))
    assert found.nearest.tolist() == [1, 0, 1]
    assert found.first.tolist() == [1.0, 1.0, 4.0]
    assert found.second.tolist() == [9.0, 4.0, 9.0]


def test_where_there_is_no_second_point_it_is_infinitely_far():
    found = find_neighbours(torch.tensor([[2.0]]), torch.tensor([[0.0]]))
    assert (found.first.item(), found.second.item()) == (4.0, torch.inf)


def test_ordinary_points_are_compared_by_products_alone(monkeypatch):
    """The slow way is for what rounding may have hidden, which is nothing here."""
    monkeypatch.delattr(neighbours, "_find_by_subtraction")
    torch.manual_seed(0)
    points = torch.randn(3000, 16) + 5
    find_neighbours(torch.cat([points[:200], torch.randn(300, 16) + 5]), points)
    with pytest.raises(NameError):
        find_neighbours(points[:50], CLOUDS["two clouds, far from each other"](points))
