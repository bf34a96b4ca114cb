"""The processor time that a sampler takes to learn."""

from samplebench import Evidence, Metric, Need


class FitCpuSeconds(Metric):
    """The processor time of one ``fit`` on the training latents, in seconds over all threads.

    Other processes on the machine prolong it less than the wall-clock time.
    """

    title = "fit CPU"
    unit = "s"
    better = "lower"
    subject = "cost"
    needs = frozenset({Need.COSTS})

    def measure(self, evidence: Evidence) -> float:
        return evidence.costs["fit"].cpu_seconds
