"""The statistics of codes against plain loops."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from samplebench import seeded
from samplebench_quantized.nearest import count_and_sum


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 50), st.integers(1, 12), st.integers(1, 5), st.integers())
def test_statistics_are_the_counts_and_sums_of_each_code(points, count, channels, seed):
    with seeded(seed, "codes"):
        sites = torch.randn(points, channels, dtype=torch.float64)
        codes = torch.randint(count, (points,))
    counts, sums = count_and_sum(sites, codes, count)
    for code in range(count):
        members = sites[codes == code]
        assert counts[code] == len(members)
        torch.testing.assert_close(sums[code], members.sum(0))
