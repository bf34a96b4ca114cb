"""The time that a sampler takes to learn."""

from samplebench import Evidence, Metric, Need


class FitSeconds(Metric):
    """The wall-clock time of one ``fit`` on the training latents, in seconds.

    A fit that takes less than a second is done three more times, and the fastest counts.
    """

    title = "fit"
    unit = "s"
    better = "lower"
    subject = "cost"
    needs = frozenset({Need.COSTS})

    def measure(self, evidence: Evidence) -> float:
        return evidence.costs["fit"].wall_seconds
