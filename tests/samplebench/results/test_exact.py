"""Means and stds against those of the standard library, bit by bit."""

import statistics
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samplebench.results.exact import find_mean, find_mean_and_std

finite = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(finite, min_size=1, max_size=9))
@settings(deadline=None)
def test_a_mean_has_the_bits_of_the_standard_library(values: list[float]) -> None:
    assert find_mean(values) == statistics.mean(values)


@given(st.lists(st.floats(-1e100, 1e100), min_size=2, max_size=9))
@settings(deadline=None)
def test_mean_and_std_have_the_bits_of_the_standard_library(values: list[float]) -> None:
    assert find_mean_and_std(values) == (statistics.mean(values), statistics.stdev(values))


@pytest.mark.parametrize("value", [0.0, 5e-324, 0.1, sys.float_info.max])
def test_equal_values_have_no_std(value: float) -> None:
    assert find_mean_and_std([value] * 3) == (value, 0.0)


def test_a_std_above_the_largest_float_is_the_largest() -> None:
    largest = sys.float_info.max
    assert find_mean_and_std([-largest, largest]) == (0.0, largest)
