"""The GPU memory that a stage needs."""

from samplebench import Evidence, Metric, Need
from samplebench_metrics.stages import Stage


class PeakDeviceMemory(Metric):
    """The peak of GPU memory in a stage above what was held when it began, in MiB; 0 on a CPU.

    Args:
        stage: "train", "encode", "fit", "sample" or "decode".
    """

    unit = "MiB"
    better = "lower"
    subject = "cost"
    needs = frozenset({Need.COSTS})

    def __init__(self, stage: Stage = "fit") -> None:
        self.stage = stage
        self.title = f"{stage} GPU memory"

    def measure(self, evidence: Evidence) -> float:
        return evidence.costs[self.stage].device_peak_bytes / 2**20
