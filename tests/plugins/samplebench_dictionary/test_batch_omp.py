"""Batch-OMP against scikit-learn and against least squares, and where atoms repeat."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import orthogonal_mp_gram

from samplebench import seeded
from samplebench_dictionary import batch_omp as module
from samplebench_dictionary.batch_omp import batch_omp


def unit(rows):
    return torch.nn.functional.normalize(rows)


def drawn(signals, atoms, reals, seed=0, dtype=torch.float64):
    with seeded(seed, "omp"):
        return torch.randn(signals, reals, dtype=dtype), unit(
            torch.randn(atoms, reals, dtype=dtype)
        )


def dense(codes, atoms):
    chosen, coefficients = codes
    return coefficients.new_zeros(len(chosen), atoms).scatter_(1, chosen, coefficients)


def by_scikit_learn(signals, dictionary, active):
    gram, correlations = dictionary @ dictionary.T, dictionary @ signals.T
    found = orthogonal_mp_gram(gram.numpy(), correlations.numpy(), n_nonzero_coefs=active)
    return found.reshape(len(dictionary), -1).T  # (signals, atoms)


@settings(deadline=None, max_examples=40)
@given(
    signals=st.integers(1, 40),
    atoms=st.integers(4, 70),
    reals=st.integers(10, 24),
    active=st.integers(1, 4),
    seed=st.integers(0, 2**32),
)
def test_supports_and_coefficients_are_those_of_scikit_learn(signals, atoms, reals, active, seed):
    points, dictionary = drawn(signals, atoms, reals, seed)
    ours = dense(batch_omp(points, dictionary, active), atoms).numpy()
    theirs = by_scikit_learn(points, dictionary, active)
    assert ((ours != 0) == (theirs != 0)).all()
    assert np.abs(ours - theirs).max() < 1e-10


@pytest.mark.parametrize("active", [4, 8])
def test_the_benchmarked_size_agrees_with_scikit_learn(active):
    points, dictionary = drawn(300, 512, 64)
    ours = dense(batch_omp(points, dictionary, active), 512).numpy()
    theirs = by_scikit_learn(points, dictionary, active)
    assert ((ours != 0) == (theirs != 0)).all()
    assert np.abs(ours - theirs).max() < 1e-10


def test_coefficients_are_those_of_least_squares_on_the_chosen_atoms():
    points, dictionary = drawn(50, 40, 12)
    chosen, coefficients = batch_omp(points, dictionary, 5)
    for point, atoms, ours in zip(points.numpy(), chosen.numpy(), coefficients, strict=True):
        exact = np.linalg.lstsq(dictionary.numpy()[atoms].T, point, rcond=None)[0]
        assert np.abs(ours.numpy() - exact).max() < 1e-10


def test_single_precision_chooses_as_double_does():
    points, dictionary = drawn(2000, 128, 32, dtype=torch.float32)
    chosen, coefficients = batch_omp(points, dictionary, 4)
    exact, exact_coefficients = batch_omp(points.double(), unit(dictionary.double()), 4)
    same = (chosen == exact).all(1)
    assert coefficients.dtype == torch.float32
    assert same.float().mean() > 0.99  # near ties may fall either way
    assert (coefficients - exact_coefficients)[same].abs().max() < 1e-4


def test_atoms_come_in_the_order_of_choice():
    points, dictionary = drawn(100, 30, 16)
    more, _ = batch_omp(points, dictionary, 6)
    fewer, _ = batch_omp(points, dictionary, 2)
    assert torch.equal(more[:, :2], fewer)
    assert torch.equal(fewer[:, 0], (points @ dictionary.T).abs().argmax(1))


def test_a_signal_made_of_orthogonal_atoms_gives_them_back():
    dictionary = torch.eye(20, dtype=torch.float64)
    chosen, coefficients = batch_omp(dictionary[[3]] * -2 + dictionary[[11]] * 5, dictionary, 2)
    assert chosen.tolist() == [[11, 3]]
    assert coefficients.tolist() == [[5.0, -2.0]]


def test_a_zero_signal_has_zero_coefficients_and_distinct_atoms():
    _, dictionary = drawn(1, 33, 8)
    chosen, coefficients = batch_omp(torch.zeros(3, 8, dtype=torch.float64), dictionary, 5)
    assert (coefficients == 0).all()
    assert all(len(set(atoms)) == 5 for atoms in chosen.tolist())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_copies_of_atoms_cost_nothing_and_break_nothing(dtype):
    points, dictionary = drawn(200, 6, 4, dtype=dtype)
    copies = dictionary.repeat(5, 1)
    chosen, coefficients = batch_omp(points, copies, 8)  # twice as many as there are dimensions
    coded = torch.einsum("ns,nsd->nd", coefficients, copies[chosen])
    assert all(len(set(atoms)) == 8 for atoms in chosen.tolist())
    assert (coded - points).abs().max() < 1000 * torch.finfo(dtype).eps
    assert coefficients.abs().max() < 1000


def test_all_atoms_may_be_active():
    points, dictionary = drawn(10, 7, 9)
    chosen, coefficients = batch_omp(points, dictionary, 7)
    exact = np.linalg.lstsq(dictionary.numpy().T, points.numpy().T, rcond=None)[0].T
    assert np.abs(dense((chosen, coefficients), 7).numpy() - exact).max() < 1e-10


def test_chunks_change_nothing(monkeypatch):
    points, dictionary = drawn(100, 32, 10)
    whole = batch_omp(points, dictionary, 3)
    monkeypatch.setattr(module, "_TILE", {"cpu": 32 * 7})
    parts = batch_omp(points, dictionary, 3)
    assert torch.equal(whole[0], parts[0])
    assert (whole[1] - parts[1]).abs().max() < 1e-12


def test_no_signals_have_no_codes():
    chosen, coefficients = batch_omp(torch.empty(0, 4), unit(torch.eye(4)), 2)
    assert chosen.shape == coefficients.shape == (0, 2)


def test_half_precision_training_does_not_reach_the_search():
    points, dictionary = drawn(200, 64, 16, dtype=torch.float32)
    exact = batch_omp(points, dictionary, 3)
    with torch.autocast("cpu", torch.bfloat16):
        inside = batch_omp(points, dictionary, 3)
    assert torch.equal(exact[0], inside[0])
    assert torch.equal(exact[1], inside[1])


@pytest.mark.parametrize("active", [0, 5])
def test_more_or_fewer_active_atoms_than_there_can_be_are_refused(active):
    with pytest.raises(ValueError, match="active lies in 1…4"):
        batch_omp(torch.ones(1, 4), torch.eye(4), active)
