"""How long a sampler takes to learn."""

from samplebench import Evidence, Metric


class FitSeconds(Metric):
    """The wall-clock time of one ``fit`` on the training latents, in seconds."""

    title = "fit"
    unit = "s"
    better = "lower"
    subject = "cost"

    def measure(self, evidence: Evidence) -> float:
        return evidence.costs["fit"].wall_seconds
