"""For every test: shapes stated in annotations are checked, and draws are the same each time."""

import os
from collections import Counter

# Busy waiting makes small tensors 50 times slower.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import pytest
import torch
from jaxtyping import install_import_hook

install_import_hook(
    [
        "samplebench",
        "samplebench_datasets",
        "samplebench_autoencoders",
        "samplebench_quantized",
        "samplebench_dictionary",
        "samplebench_density",
        "samplebench_codes",
        "samplebench_neural",
        "samplebench_metrics",
        "samplebench_adapters",
    ],
    "beartype.beartype",
)

# More threads than cores make small trainings 15 times slower, in the tests' own processes too.
_WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
_THREADS = max(1, (os.cpu_count() or 1) // _WORKERS)
os.environ.setdefault("OMP_NUM_THREADS", str(_THREADS))
torch.set_num_threads(_THREADS)


@pytest.hookimpl(trylast=True)  # after tests were chosen by their marks
def pytest_collection_modifyitems(items):
    """Files with the most slow tests start first: no worker ends long after the others."""
    tests = Counter(item.path for item in items)
    slow = Counter(item.path for item in items if item.get_closest_marker("slow"))
    items.sort(key=lambda item: (-slow[item.path], -tests[item.path], item.path))


@pytest.fixture(autouse=True)
def repeatable_draws():
    """A test that failed fails again, whatever ran before it."""
    torch.manual_seed(0)
