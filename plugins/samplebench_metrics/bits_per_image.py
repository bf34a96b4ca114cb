"""The nominal rate of a whole latent."""

from samplebench import Evidence, Metric, Need
from samplebench_metrics.rate import count_bits_at_a_site, require_value_bits


class BitsPerImage(Metric):
    """The bits that the latent of one image takes at fixed length.

    ``bits-per-site`` times the number of sites, which compares latents on different grids.

    Args:
        value_bits: bits of a real number.
    """

    title = "rate"
    unit = "bits/image"
    better = "lower"
    subject = "autoencoder"
    needs = frozenset({Need.LATENTS})

    def __init__(self, value_bits: float = 32.0) -> None:
        require_value_bits(value_bits)
        self.value_bits = value_bits

    def measure(self, evidence: Evidence) -> float:
        latents = evidence.test_latents
        return latents.space.sites * count_bits_at_a_site(latents, self.value_bits)
