"""Devices, threads, and determinism that is taken back."""

import pytest
import torch

from samplebench.errors import UsageError
from samplebench.pipeline.device import (
    choose_device,
    deterministic,
    require_gpus,
    usable_cores,
    usable_threads,
)


@pytest.mark.parametrize(("limit", "least"), [("1", 1), ("1,2", 1), ("0", 10**6), ("x", 10**6)])
def test_a_run_takes_the_cores_there_are_or_fewer_threads_if_asked(limit, least, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", limit)
    assert usable_threads() == min(usable_cores(), least)


def test_a_device_that_is_not_here_is_refused():
    with pytest.raises(UsageError, match="device 'warp' cannot be used here"):
        choose_device("warp")


def test_determinism_lasts_as_long_as_its_block():
    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    with deterministic(threads=1):
        assert (torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()) == (1, True)
    assert (torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()) == before


@pytest.mark.parametrize(
    ("count", "asked", "reason"),
    [
        (0, (0,), "asks for GPU 0 of this machine, and there is none; leave --gpus out"),
        (2, (1, 3), "asks for GPU 3 of this machine, and its GPUs are 0, 1"),
    ],
)
def test_gpus_that_are_not_here_are_refused(monkeypatch, count, asked, reason):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    with pytest.raises(UsageError, match=reason):
        require_gpus(asked)
    require_gpus(range(count))
