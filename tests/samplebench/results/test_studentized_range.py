"""The quick tail of the studentized range against scipy's, where it decides."""

import pytest
from scipy import stats

from samplebench.results.statistics import SIGNIFICANCE, exceeds_range
from samplebench.results.studentized_range import ERROR, compute_tail, estimate_tail


@pytest.mark.parametrize("groups", [2, 3, 5, 13, 60])
@pytest.mark.parametrize("freedom", [1.0, 1.3, 2.0, 4.5, 10.0, 57.3, 2000.0])
def test_the_estimate_is_that_of_scipy_within_its_error(groups: int, freedom: float) -> None:
    for q in (1.0, 2.5, 3.4, 4.2, 5.5, 8.0, 18.0, 40.0):
        exact = compute_tail(q=q, groups=groups, freedom=freedom)
        assert estimate_tail(q=q, groups=groups, freedom=freedom) == pytest.approx(
            exact, abs=ERROR / 5
        )


@pytest.mark.parametrize(("groups", "freedom"), [(3, 4.0), (7, 11.5)])
def test_close_to_the_significance_all_digits_decide(groups: int, freedom: float) -> None:
    at = float(stats.studentized_range.isf(SIGNIFICANCE, groups, freedom)) / 2**0.5
    assert exceeds_range(t=at * (1 + 1e-6), groups=groups, freedom=freedom)
    assert not exceeds_range(t=at * (1 - 1e-6), groups=groups, freedom=freedom)


def test_two_groups_make_the_t_test() -> None:
    tail = estimate_tail(q=2.5 * 2**0.5, groups=2, freedom=6.0)
    assert tail == pytest.approx(2 * float(stats.t.sf(2.5, 6)), abs=ERROR / 5)
