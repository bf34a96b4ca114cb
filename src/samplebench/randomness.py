"""Seeding of the random generators. Nothing else in samplebench seeds."""

import hashlib
import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


@contextmanager
def seeded(seed: int, *labels: str) -> Iterator[None]:
    """Seed the random generators inside the block, and restore their states after it.

    Each (seed, labels) has its own streams of ``torch`` (all devices), ``numpy.random`` and
    ``random``, so the number of draws in one stage changes nothing in another.
    """
    key = hashlib.sha256(repr((seed, labels)).encode()).digest()
    python_state, numpy_state = random.getstate(), np.random.get_state()
    # Only devices in use: reading a GPU's state would create a context on it.
    in_use = torch.cuda.is_initialized()  # type: ignore[no-untyped-call] # torch has no hint here
    devices = range(torch.cuda.device_count()) if in_use else ()
    with torch.random.fork_rng(devices):
        _seed_torch(int.from_bytes(key[:8], "little") >> 1)  # torch takes 63 bits
        np.random.seed(int.from_bytes(key[8:12], "little"))
        random.seed(key)
        try:
            yield
        finally:
            random.setstate(python_state)
            np.random.set_state(numpy_state)


def _seed_torch(seed: int) -> None:
    # Without a device, torch.manual_seed seeds the same generator, but takes a hundred times as
    # long, because it records its call stack.
    if torch.cuda.is_available() or torch.backends.mps.is_available():
        torch.manual_seed(seed)
    else:
        torch.default_generator.manual_seed(seed)
