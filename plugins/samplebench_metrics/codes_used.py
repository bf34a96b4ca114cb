"""The share of its codes that an autoencoder ever uses."""

from operator import truediv
from statistics import fmean

from samplebench import Evidence, Metric, Need
from samplebench_metrics.code_usage import count_codes


class CodesUsed(Metric):
    """The share, in [0, 1], of codes that occur at any site of any held-out latent.

    Several codebooks give the arithmetic mean of their shares. Atoms of sparse latents are
    counted as for ``codebook-perplexity``: over all active slots, whatever their coefficients.
    A code that occurs once counts as much as any other, so the share grows with the number of
    held-out images.
    """

    title = "codes used"
    better = "higher"
    subject = "autoencoder"
    needs = frozenset({Need.LATENTS, Need.CODES})

    def measure(self, evidence: Evidence) -> float:
        latents = evidence.test_latents
        used = map(len, count_codes(latents))
        # Slots of sparse latents share one set of atoms, and are counted as one codebook.
        return fmean(map(truediv, used, latents.space.code_ranges))
