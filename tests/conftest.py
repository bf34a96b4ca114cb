"""For every test: shapes stated in annotations are checked, and draws are the same each time."""

import os

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

# More threads than cores make small trainings 15 times slower.
_WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
torch.set_num_threads(max(1, (os.cpu_count() or 1) // _WORKERS))


@pytest.fixture(autouse=True)
def repeatable_draws():
    """A test that failed fails again, whatever ran before it."""
    torch.manual_seed(0)
