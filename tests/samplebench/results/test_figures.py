"""Figures as text: examples, and laws for any figure."""

import re
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samplebench.results.figures import figure
from samplebench.results.statistics import Summary


@pytest.mark.parametrize(
    ("mean", "std", "text"),
    [
        (1.2345, 0.05, "1.23 ± 0.05"),
        (1.2345, 0.6, "1.23 ± 0.60"),
        (45.32, 12.14, "45.3 ± 12.1"),
        (812.4, 3.4, "812 ± 3"),
        (12345.4, 67.2, "12,345 ± 67"),
        (1234567.0, 8000.0, "1,234,567 ± 8,000"),
        (0.987, 0.0003, "0.9870 ± 0.0003"),
        (0.987, 0.00000003, "0.98700 ± 0.00000"),
        (123.4, 0.2, "123.4 ± 0.2"),
        (0.001, 5.0, "0.00 ± 5.00"),
        (-0.0012, 0.0004, "-0.00120 ± 0.00040"),
        (-0.00001, 5.0, "0.00 ± 5.00"),
        (1.23e-7, 4.6e-9, "1.23e-7 ± 0.05e-7"),
        (1.5e9, 2e8, "1.50e9 ± 0.20e9"),
        (9.9996, 0.04, "10.00 ± 0.04"),
        (9.9996, None, "10.0"),
        (1.93, 0.0, "1.93 ± 0"),
        (0.0, 0.0, "0.00 ± 0"),
        (0.0, None, "0.00"),
        (17.0, None, "17.0"),
        (99999.6, None, "100,000"),
    ],
)
def test_figures_have_as_many_digits_as_they_deserve(
    mean: float, std: float | None, text: str
) -> None:
    assert figure(Summary(mean, std, 3 if std is not None else 1)) == text


@given(st.floats(-1e100, 1e100), st.floats(0, 1e100))
@settings(deadline=None)
def test_a_figure_is_right_to_the_digits_that_it_shows(mean: float, std: float) -> None:
    size = Decimal(max(abs(mean), std))
    for shown, true in zip(figure(Summary(mean, std, 3)).split(" ± "), (mean, std), strict=True):
        assert abs(Decimal(shown.replace(",", "")) - Decimal(true)) <= Decimal("0.00501") * size


@given(st.floats(1e-3, 1e6), st.floats(1e-9, 1))
@settings(deadline=None)
def test_mean_and_deviation_have_the_same_decimals(mean: float, share: float) -> None:
    decimals = {
        len(re.sub(r"^[^.]*\.?", "", number))
        for number in figure(Summary(mean, mean * share, 3)).split(" ± ")
    }
    assert len(decimals) == 1
