"""Words and small values that contracts and records share. No torch."""

from dataclasses import dataclass
from typing import Literal

Direction = Literal["higher", "lower"]
"""The better end of a score."""

Subject = Literal["images", "latents", "autoencoder", "cost"]
"""The subject of a score.

``autoencoder``: the same for all samplers, shown once. ``images``: rows compare across
autoencoders. ``latents``: rows compare within one autoencoder. ``cost``: depends on the machine,
is not repeatable bit for bit.
"""


@dataclass(frozen=True)
class Cost:
    """Time and memory of one stage. Memory is its peak above what was held at its start, in bytes.

    ``count`` is the number of items (samples, latents) that the stage handled.
    """

    wall_seconds: float
    cpu_seconds: float
    host_peak_bytes: int
    device_peak_bytes: int
    count: int
