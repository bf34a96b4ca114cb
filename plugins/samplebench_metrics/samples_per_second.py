"""How fast a sampler draws."""

from samplebench import Evidence, Metric


class SamplesPerSecond(Metric):
    """Latents drawn in a second of wall-clock time; decoding them is not counted."""

    title = "draws"
    unit = "1/s"
    better = "higher"
    subject = "cost"

    def measure(self, evidence: Evidence) -> float:
        throughput = evidence.costs["throughput"]
        return throughput.count / throughput.wall_seconds
