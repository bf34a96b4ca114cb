"""Latent authenticity against brute force in float64, and on copies."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from samplebench import Continuous, Discrete, Sparse
from samplebench_metrics import neighbours
from samplebench_metrics.latent_authenticity import LatentAuthenticity


def by_brute_force(train: Tensor, generated: Tensor) -> float:
    """All distances by subtraction in float64."""
    train, generated = train.double(), generated.double()
    to_train = (generated[:, None] - train).square().sum(-1)  # (generated, train)
    among = (train[:, None] - train).square().sum(-1).fill_diagonal_(torch.inf)
    distance, nearest = to_train.min(dim=1)
    return float((distance > among.min(dim=1).values[nearest]).double().mean())


def measured(make_evidence, train: Tensor, generated: Tensor) -> float:
    evidence = make_evidence(train_latents=train, generated_latents=generated)
    return LatentAuthenticity().measure(evidence)


@pytest.mark.parametrize("offset", [0.0, 1000.0])
@pytest.mark.parametrize("dimensions", [1, 3, 32])
def test_it_agrees_with_brute_force(make_evidence, monkeypatch, dimensions, offset):
    torch.manual_seed(dimensions)
    monkeypatch.setattr(neighbours, "_POINTS", 70)
    monkeypatch.setattr(neighbours, "_QUERIES", 33)
    train, generated = torch.randn(300, dimensions), torch.randn(200, dimensions)
    generated[::3] = train[: len(generated[::3])] + 0.05 * generated[::3]
    train, generated = train + offset, generated + offset
    score = measured(make_evidence, train, generated)
    assert 0 < score < 1
    assert score == by_brute_force(train, generated)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_it_agrees_with_brute_force_where_many_are_equal_or_equally_near(make_evidence, data):
    """Small whole numbers: every distance is exact, ties and duplicates abound."""
    coordinate = st.integers(-2, 2).map(float)
    point = st.tuples(coordinate, coordinate)
    train = torch.tensor(data.draw(st.lists(point, min_size=2, max_size=12)))
    generated = torch.tensor(data.draw(st.lists(point, min_size=1, max_size=12)))
    assert measured(make_evidence, train, generated) == by_brute_force(train, generated)


@settings(deadline=None, max_examples=30)
@given(st.integers(2, 200), st.integers(1, 8), st.floats(-1e4, 1e4), st.integers(0, 2**32 - 1))
def test_a_copy_is_never_authentic(make_evidence, count, dimensions, offset, seed):
    torch.manual_seed(seed)
    train = torch.randn(count, dimensions) + offset
    copies = train[torch.randint(count, (50,))]
    assert measured(make_evidence, train, copies) == 0


def test_a_copy_of_a_latent_that_occurs_twice_is_not_authentic(make_evidence):
    train = torch.tensor([[0.0], [0.0], [5.0]])
    assert measured(make_evidence, train, torch.tensor([[0.0], [5.0]])) == 0


def test_a_latent_farther_than_the_neighbour_is_authentic(make_evidence):
    train = torch.tensor([[0.0], [1.0]])
    generated = torch.tensor([[-0.9], [-1.0], [-1.1], [2.5]])
    assert measured(make_evidence, train, generated) == 0.5


@pytest.mark.parametrize("space", [Discrete((8,)), Sparse(9, 2)])
def test_it_objects_to_latents_that_are_no_vectors(space):
    assert "values" in (LatentAuthenticity().objection((1, 8, 8), space) or "")
    assert LatentAuthenticity().objection((1, 8, 8), Continuous(4, (2, 2))) is None
