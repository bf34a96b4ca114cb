"""The one place that seeds."""

import hashlib
import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


@contextmanager
def seeded(seed: int, *labels: str) -> Iterator[None]:
    """Draw from streams of their own inside the block; put the outer streams back after it.

    Every (seed, labels) has its own streams of ``torch`` (all devices), ``numpy.random`` and
    ``random``, so a stage that draws more or less numbers changes nothing in another stage.
    """
    key = hashlib.sha256(repr((seed, labels)).encode()).digest()
    python_state, numpy_state = random.getstate(), np.random.get_state()
    # Only what is in use: asking a GPU for its state would make a context on it.
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
    # Where there is no device but the CPU, torch.manual_seed seeds nothing more, and spends a
    # hundred times as long on noting where it was called from.
    if torch.cuda.is_available() or torch.backends.mps.is_available():
        torch.manual_seed(seed)
    else:
        torch.default_generator.manual_seed(seed)
