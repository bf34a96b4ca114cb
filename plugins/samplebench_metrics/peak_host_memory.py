"""The main memory that a stage needs."""

import mmap

from samplebench import Evidence, Metric, Need, NoNumber
from samplebench_metrics.stages import Stage


class PeakHostMemory(Metric):
    """The peak of main memory in a stage above what was held when it began, in MiB.

    The system counts whole pages: up to one page there is no number to compare.

    Args:
        stage: "train", "encode", "fit", "sample" or "decode".
    """

    unit = "MiB"
    better = "lower"
    subject = "cost"
    needs = frozenset({Need.COSTS})

    def __init__(self, stage: Stage = "fit") -> None:
        self.stage = stage
        self.title = f"{stage} memory"

    def measure(self, evidence: Evidence) -> float:
        peak = evidence.costs[self.stage].host_peak_bytes
        if peak <= mmap.PAGESIZE:
            raise NoNumber(
                f"took at most one page of memory ({mmap.PAGESIZE:,} bytes), the least that the "
                "system counts"
            )
        return peak / 2**20
