"""Work divided among threads covers everything once and leaves PyTorch as it was."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from samplebench.clusters import find_nearest, nearest
from samplebench.clusters.threads import divide_among_threads


@pytest.fixture(autouse=True)
def three_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 50), st.integers(1, 60))
def test_slices_cover_the_range_in_order_and_none_is_short(count, least):
    slices = []
    divide_among_threads(slices.append, count, least)
    slices.sort(key=lambda part: part.start)
    assert [place for part in slices for place in range(count)[part]] == list(range(count))
    assert len(slices) <= 3
    assert len(slices) == 1 or min(part.stop - part.start for part in slices) >= least


def test_each_thread_has_one_core_and_the_callers_mode():
    seen = []

    def look(part):
        modes = torch.is_inference_mode_enabled(), torch.is_grad_enabled()
        seen.append((torch.get_num_threads(), *modes))

    divide_among_threads(look, 30, 1)
    with torch.inference_mode():
        divide_among_threads(look, 30, 1)
    assert seen == [(1, False, False)] * 3 + [(1, True, False)] * 3
    assert torch.get_num_threads() == 3


def test_a_fault_in_one_thread_is_raised_and_threads_are_as_before():
    def fail(part):
        if part.start:
            raise MemoryError("no room")

    with pytest.raises(MemoryError, match="no room"):
        divide_among_threads(fail, 30, 1)
    assert torch.get_num_threads() == 3


def test_labels_are_those_of_one_thread(monkeypatch):
    monkeypatch.setitem(nearest._TILE, "cpu", 4096)
    points, centres = torch.randn(5000, 7), torch.randn(64, 7)
    labels = find_nearest(points, centres)
    with torch.inference_mode():
        assert torch.equal(find_nearest(points, centres.clone()), labels)
    torch.set_num_threads(1)
    assert torch.equal(find_nearest(points, centres), labels)
