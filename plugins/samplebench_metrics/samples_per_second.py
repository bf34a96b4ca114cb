"""The speed at which a sampler draws."""

from samplebench import Evidence, Metric, Need


class SamplesPerSecond(Metric):
    """Latents drawn in a second of wall-clock time; decoding them is not counted."""

    title = "draws"
    unit = "1/s"
    better = "higher"
    subject = "cost"
    needs = frozenset({Need.COSTS})

    def measure(self, evidence: Evidence) -> float:
        throughput = evidence.costs["throughput"]
        return throughput.count / throughput.wall_seconds
