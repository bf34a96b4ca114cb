"""Words and small values that contracts and records share. No torch."""

from dataclasses import dataclass
from statistics import fmean
from typing import Literal

Direction = Literal["higher", "lower"]
"""The better end of a score."""

Subject = Literal["images", "latents", "autoencoder", "cost"]
"""The subject of a score.

``autoencoder``: the same for all samplers, shown once. ``images``: rows compare across
autoencoders. ``latents``: rows compare within one autoencoder. ``cost``: depends on the machine,
is not repeatable bit for bit.
"""


FailureKind = Literal[
    "error", "non-finite", "out-of-memory", "timeout", "killed", "storage", "missing"
]
"""The kind of reason for which a piece of work gave nothing.

``error``: a part raised it. ``non-finite``: training diverged. ``out-of-memory``, of the host or
the device, and ``timeout``: a limit was reached. ``killed``: a signal or an exit ended it.
``storage``: something could not be written. ``missing``: data or weights are not there.
"""

Retry = Literal["failed", "timeout", "all"]
"""The cells without scores that a run tries again: those that failed for another reason than a
limit, those that ran out of time too, or all of them, out of memory included.
"""


@dataclass(frozen=True)
class Floor:
    """The scores of fresh real data: training samples in the place of the generated ones.

    Attributes:
        values: a score for each of some random subsets of the training samples.
        count: the number of samples in each subset: as many as are generated. ``None`` in records
            from before floors were measured: their one value is an estimate.
        bias: the part of the floor that is due to the numbers of samples alone, by a formula.
    """

    values: tuple[float, ...]
    count: int | None = None
    bias: float | None = None

    @property
    def mean(self) -> float:
        return fmean(self.values)


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
