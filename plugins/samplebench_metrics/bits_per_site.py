"""The nominal rate of a site of a latent."""

from samplebench import Evidence, Metric, Need
from samplebench_metrics.rate import count_bits_at_a_site, require_value_bits


class BitsPerSite(Metric):
    """The bits that one site of a latent takes at fixed length.

    ``log2 K`` for each codebook of K codes, ``log2 C(K, S) + S b`` for S of K atoms and their
    coefficients, ``C b`` for C channels of reals; b is ``value_bits``, by default the 32 that a
    real is stored in. A mixture's site takes ``log2 K`` if each component comes with the same
    values in all held-out latents, so that it determines them, and else ``log2 K + C b``.
    A latent without a grid is one site. An equal number of codes is not an equal rate, nor is
    an equal rate at a site one of the image: see ``bits-per-image``.

    Args:
        value_bits: bits of a real number.
    """

    title = "rate"
    unit = "bits/site"
    better = "lower"
    subject = "autoencoder"
    needs = frozenset({Need.LATENTS})

    def __init__(self, value_bits: float = 32.0) -> None:
        require_value_bits(value_bits)
        self.value_bits = value_bits

    def measure(self, evidence: Evidence) -> float:
        return count_bits_at_a_site(evidence.test_latents, self.value_bits)
