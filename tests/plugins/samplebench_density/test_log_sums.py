"""Sums of exponentials of products against torch's, in float64 and all at once."""

import pytest
import torch

from samplebench_density.kernels.log_sums import log_sums, split_terms


@pytest.mark.parametrize("scale", [0.01, 1.0, 30.0])
@pytest.mark.parametrize(("queries", "terms"), [(1, 1), (300, 2500), (257, 1025)])
def test_sums_are_those_of_whole_products(queries, terms, scale):
    left = scale * torch.randn(queries, 5, dtype=torch.float64) + 10 * scale
    right = torch.randn(terms, 5, dtype=torch.float64) + 10
    expected = (left @ right.mT).logsumexp(1)
    torch.testing.assert_close(log_sums(left, split_terms(right)), expected, rtol=0, atol=1e-5)


def test_terms_may_come_in_any_order():
    left = torch.ones(1, 1, dtype=torch.float64)
    rising = torch.arange(-3e3, 3e3, dtype=torch.float64)[:, None]
    for terms in (rising, rising.flip(0)):
        expected = terms.squeeze(1).logsumexp(0)
        assert float(log_sums(left, split_terms(terms))) == pytest.approx(
            float(expected), abs=1e-5
        )
