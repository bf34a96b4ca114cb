"""Sliced Wasserstein against POT called whole, sorting, and closed forms."""

import ot
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from samplebench import Continuous, Discrete, Mixture, Sparse, seeded
from samplebench_metrics import sliced_wasserstein
from samplebench_metrics.sliced_wasserstein import SlicedWasserstein


def unit_cube(dimensions: int):
    """Training latents with mean 0 and std 1 in every dimension, so that none is changed."""
    return torch.cartesian_prod(*[torch.tensor([-1.0, 1.0])] * dimensions).view(-1, dimensions)


@settings(deadline=None, max_examples=30)
@given(
    st.integers(1, 60).flatmap(
        lambda count: st.tuples(
            st.lists(st.floats(-9, 9, width=32), min_size=count, max_size=count),
            st.lists(st.floats(-9, 9, width=32), min_size=count, max_size=count),
        )
    )
)
def test_in_one_dimension_it_is_the_distance_of_sorted_latents(make_evidence, pair):
    ours, theirs = (torch.tensor(values)[:, None] for values in pair)
    evidence = make_evidence(
        train_latents=unit_cube(1), generated_latents=ours, test_latents=theirs
    )
    gaps = ours.double().sort(0).values - theirs.double().sort(0).values
    assert SlicedWasserstein(projections=3).measure(evidence) == pytest.approx(
        float(gaps.square().mean().sqrt()), rel=1e-6, abs=1e-6
    )


def test_a_translation_is_at_its_length_over_the_root_of_the_dimension(make_evidence):
    """SW2(X, X + m)² is the mean of (θ·m)² over directions, |m|² / d for all of them."""
    torch.manual_seed(0)
    latents, move = torch.randn(200, 8), torch.full((8,), 0.5)
    evidence = make_evidence(
        train_latents=unit_cube(8), generated_latents=latents + move, test_latents=latents
    )
    distance = SlicedWasserstein(projections=5000).measure(evidence)
    assert distance == pytest.approx(float(move.norm()) / 8**0.5, rel=0.03)


@pytest.mark.parametrize("numbers_at_once", [1, 700 * 7, 2**21])
def test_it_agrees_with_pot_called_whole_however_it_is_cut(
    make_evidence, monkeypatch, numbers_at_once
):
    torch.manual_seed(1)
    train, test = torch.randn(300, 5) * 3 + 1, torch.randn(400, 5) * 3 + 1
    generated = torch.rand(300, 5) * 5
    monkeypatch.setattr(sliced_wasserstein, "_NUMBERS_AT_ONCE", numbers_at_once)
    with seeded(0, "sliced-wasserstein projections"):
        normal = torch.randn(5, 50, dtype=torch.float64)
    ours, reference = (
        (latents.double() - train.double().mean(0)) / train.double().std(0, correction=0)
        for latents in (generated, test)
    )
    whole = ot.sliced_wasserstein_distance(
        ours.numpy(), reference.numpy(), projections=(normal / normal.norm(dim=0)).numpy()
    )
    evidence = make_evidence(train_latents=train, generated_latents=generated, test_latents=test)
    measured = SlicedWasserstein(projections=50).measure(evidence)
    assert measured == pytest.approx(float(whole), rel=1e-6)


@pytest.mark.parametrize("projections", [1, 2, 500])
def test_its_directions_are_unit_vectors(make_evidence, projections):
    """Moved along one axis, latents are at the root mean square of θ there; of all, |θ|² is 1."""
    cube, metric = unit_cube(4), SlicedWasserstein(projections)
    squares = [
        metric.measure(
            make_evidence(
                train_latents=cube, test_latents=cube, generated_latents=cube + torch.eye(4)[axis]
            )
        )
        ** 2
        for axis in range(4)
    ]
    assert sum(squares) == pytest.approx(1, rel=1e-6)


def test_its_directions_are_uniform(make_evidence):
    """The second moments of θ are the identity over d: no axis or diagonal is preferred."""
    cube, metric = unit_cube(4), SlicedWasserstein(projections=40_000)
    for move in torch.cat(
        [torch.eye(4), *(torch.eye(4)[i] + torch.eye(4)[:i] for i in (1, 2, 3))]
    ):
        moved = make_evidence(train_latents=cube, test_latents=cube, generated_latents=cube + move)
        expected = float(move.square().sum()) / 4
        assert metric.measure(moved) ** 2 == pytest.approx(expected, abs=0.01)


def test_units_of_a_dimension_do_not_matter(make_evidence):
    torch.manual_seed(2)
    train, test, generated = torch.randn(3, 200, 4).unbind()
    scale, shift = torch.tensor([1.0, 1e3, 1e-3, 7.0]), torch.tensor([0.0, 5.0, -2.0, 1.0])
    plain = make_evidence(train_latents=train, test_latents=test, generated_latents=generated)
    other = make_evidence(
        train_latents=train * scale + shift,
        test_latents=test * scale + shift,
        generated_latents=generated * scale + shift,
    )
    metric = SlicedWasserstein(projections=100)
    assert metric.measure(other) == pytest.approx(metric.measure(plain), rel=1e-3)


def test_a_dimension_that_is_constant_in_training_is_only_centred(make_evidence):
    train = torch.cat([unit_cube(1), torch.full((2, 1), 0.1)], dim=1)
    moved = train + torch.tensor([0.0, 2.0])
    evidence = make_evidence(train_latents=train, test_latents=train, generated_latents=moved)
    metric = SlicedWasserstein(projections=500)
    cube = unit_cube(2)  # of std 1 already, so that nothing is scaled
    unscaled = make_evidence(
        train_latents=cube, test_latents=cube, generated_latents=cube + torch.tensor([0.0, 2.0])
    )
    assert metric.measure(evidence) == pytest.approx(metric.measure(unscaled), rel=1e-6)


@pytest.mark.parametrize("space", [Discrete((8,)), Discrete((8, 8), (2, 2)), Sparse(9, 2)])
def test_it_objects_to_latents_that_are_no_vectors(space):
    assert "values" in (SlicedWasserstein().objection((1, 8, 8), space) or "")


@pytest.mark.parametrize("space", [Continuous(3), Continuous(3, (4, 4)), Mixture(5, 2)])
def test_it_measures_latents_that_are_vectors(space):
    assert SlicedWasserstein().objection((1, 8, 8), space) is None


def test_no_projection_is_refused():
    with pytest.raises(ValueError, match="at least 1, not 0"):
        SlicedWasserstein(projections=0)


@pytest.mark.parametrize("power", [-120, -76, 66, 120])
def test_the_unit_of_the_latents_changes_nothing(make_evidence, power):
    torch.manual_seed(3)
    train, test, generated = torch.randn(3, 200, 4)
    found = [
        SlicedWasserstein(projections=20).measure(
            make_evidence(
                train_latents=unit * train,
                test_latents=unit * test,
                generated_latents=unit * generated,
            )
        )
        for unit in (1.0, 2.0**power)
    ]
    assert found[1] == pytest.approx(found[0], rel=1e-9)
