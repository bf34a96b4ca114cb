"""The Fréchet distance of reconstructions against a closed form and scipy."""

import numpy as np
import pytest
import scipy.linalg
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from samplebench_metrics.reconstruction_frechet_distance import ReconstructionFrechetDistance


def measured(make_evidence, reconstructed: Tensor, test: Tensor) -> float:
    misleading = {"generated": torch.full_like(test, 9.0)}
    evidence = make_evidence(features={"reconstructed": reconstructed, "test": test, **misleading})
    return ReconstructionFrechetDistance().measure(evidence)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.floats(-5, 5), min_size=2, max_size=12), st.integers(0, 2**32 - 1))
def test_reconstructions_moved_by_a_vector_are_at_its_squared_length(make_evidence, shift, seed):
    test = torch.randn(100, len(shift), generator=torch.Generator().manual_seed(seed)).double()
    moved = test + torch.tensor(shift, dtype=torch.float64)
    expected = sum(length**2 for length in shift)
    assert measured(make_evidence, moved, test) == pytest.approx(expected, rel=1e-9, abs=1e-5)


@pytest.mark.parametrize("width", [2, 33])
def test_it_agrees_with_the_textbook_formula_by_scipy(make_evidence, width):
    torch.manual_seed(width)
    test = torch.randn(300, width) @ torch.randn(width, width) / width**0.5
    reconstructed = 0.8 * test + 0.1 * torch.randn(300, width)
    a, b = reconstructed.double().numpy(), test.double().numpy()
    s, t = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = scipy.linalg.sqrtm(s @ t).real
    expected = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(s + t - 2 * root)
    assert measured(make_evidence, reconstructed, test) == pytest.approx(expected, rel=1e-6)


def test_a_perfect_autoencoder_is_at_zero_and_there_is_no_floor(make_evidence):
    features = torch.randn(50, 8, generator=torch.Generator().manual_seed(0))
    assert measured(make_evidence, features, features) == pytest.approx(0, abs=1e-5)
    assert not ReconstructionFrechetDistance.has_floor
