"""Ranges of metrics, which validation knows by their names."""

from samplebench.registry.loading import load_parts
from samplebench.submission.metric_ranges import RANGES


def test_every_bundled_metric_has_a_range_and_no_other_has():
    assert set(RANGES) == set(load_parts().metrics)
