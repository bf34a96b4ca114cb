"""Points that lie in clusters."""

import numpy as np


def clusters(samples: int = 400, width: int = 3, count: int = 4, apart: float = 2.0) -> np.ndarray:
    """Overlapping clusters of different shapes and sizes, (samples, width)."""
    rng = np.random.default_rng(0)
    labels = rng.choice(count, samples, p=np.arange(1, count + 1) / (count * (count + 1) / 2))
    centres = apart * rng.normal(size=(count, width))
    shapes = rng.normal(size=(count, width, width))
    return centres[labels] + np.einsum(
        "nij,nj->ni", shapes[labels], rng.normal(size=(samples, width))
    )
