"""Scores as text: examples, and laws for any score."""

import math
import re
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from samplebench.results.score_text import format_score
from samplebench.results.statistics import Summary


def with_reach(mean: float, reach: float | None) -> Summary:
    """Three seeds with this half of the 95 % interval of the mean; one seed without."""
    if reach is None:
        return Summary(mean, None, 1)
    return Summary(mean, reach * math.sqrt(3) / float(stats.t.ppf(0.975, 2)), 3)


@pytest.mark.parametrize(
    ("mean", "reach", "text"),
    [
        (1.2345, 0.05, "1.23 ± 0.05"),
        (1.2345, 0.6, "1.23 ± 0.60"),
        (45.32, 12.14, "45.3 ± 12.1"),
        (812.4, 3.4, "812 ± 3"),
        (12345.4, 67.2, "12,345 ± 67"),
        (1234567.0, 8000.0, "1,234,567 ± 8,000"),
        (0.987, 0.0003, "0.9870 ± 0.0003"),
        (0.987, 0.00000003, "0.98700000 ± 0.00000003"),
        (123.4, 0.2, "123.4 ± 0.2"),
        (0.001, 5.0, "0.00 ± 5.00"),
        (-0.0012, 0.0004, "-0.00120 ± 0.00040"),
        (-0.00001, 5.0, "0.00 ± 5.00"),
        (1.23e-7, 4.6e-9, "1.23e-7 ± 0.05e-7"),
        (1.5e9, 2e8, "1.50e9 ± 0.20e9"),
        (12345674.0, 5912.0, "1.2346e7 ± 0.0006e7"),
        (3e-9, 2e-5, "0.00e-5 ± 2.00e-5"),
        (9.9996, 0.04, "10.00 ± 0.04"),
        (9.9996, None, "10.0"),
        (1.93, 0.0, "1.93"),
        (0.0, 0.0, "0.00"),
        (0.0, None, "0.00"),
        (17.0, None, "17.0"),
        (99999.6, None, "100,000"),
    ],
)
def test_scores_have_as_many_digits_as_they_deserve(
    mean: float, reach: float | None, text: str
) -> None:
    assert format_score(with_reach(mean, reach)) == text


def test_three_throughputs_of_millions_show_their_interval() -> None:
    summary = Summary.of([12_345_678.0, 12_340_111.0, 12_351_212.0])
    assert format_score(summary) == "1.235e7 ± 0.001e7"


REACHES = st.floats(1e-30, 1e100)
MEANS = st.floats(-1e100, 1e100)


@given(MEANS, st.one_of(st.just(0.0), REACHES))
@settings(deadline=None)
def test_a_score_is_right_to_the_digits_that_it_shows(mean: float, reach: float) -> None:
    size = Decimal(max(abs(mean), reach))
    shown = format_score(with_reach(mean, reach)).split(" ± ")
    for text, true in zip(shown, (mean, reach), strict=False):
        assert abs(Decimal(text.replace(",", "")) - Decimal(true)) <= Decimal("0.00501") * size


@given(MEANS, REACHES)
@settings(deadline=None)
def test_an_interval_is_shown_unless_it_is_zero_and_never_as_zero(
    mean: float, reach: float
) -> None:
    _, shown = format_score(with_reach(mean, reach)).split(" ± ")
    assert Decimal(shown.replace(",", "")) > 0
    assert "±" not in format_score(Summary(mean, 0.0, 3))


@given(MEANS, REACHES)
@settings(deadline=None)
def test_mean_and_interval_have_the_same_decimals_and_exponent(mean: float, reach: float) -> None:
    parts = [
        re.fullmatch(r"-?[\d,]+\.?(\d*)(e-?\d+)?", number)
        for number in format_score(with_reach(mean, reach)).split(" ± ")
    ]
    assert len({(len(part[1]), part[2]) for part in parts if part}) == 1
    assert all(parts)
