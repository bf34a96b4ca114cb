"""Moments against numpy's in float64."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from samplebench.clusters import compute_moments, moments


@settings(deadline=None)
@given(st.integers(1, 50), st.integers(1, 5), st.floats(-30, 30), st.integers(1, 60))
def test_moments_are_those_of_numpy_at_any_scale(count, width, exponent, numbers):
    rng = np.random.default_rng(count)
    points = (rng.normal(size=(count, width)) * 10**exponent).astype(np.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(moments._NUMBERS, "cpu", numbers)
        found = compute_moments(torch.from_numpy(points))
    np.testing.assert_allclose(found.mean, points.astype(float).mean(0), rtol=1e-12)
    np.testing.assert_allclose(found.variance, points.astype(float).var(0), rtol=1e-12)


def test_where_nothing_varies_the_variance_is_exactly_zero():
    assert compute_moments(torch.full((1000, 2), 0.1)).variance.tolist() == [0, 0]
