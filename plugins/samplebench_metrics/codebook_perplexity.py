"""Codebook perplexity: the effective number of codes that an autoencoder uses."""

from statistics import fmean

from samplebench import Evidence, Metric, Need
from samplebench_metrics.code_usage import count_codes, perplexity


class CodebookPerplexity(Metric):
    """The effective number of codes in use, ``exp(−Σ p log p)``.

    p is the share of each code over all sites of all held-out latents together: an average over
    batches would be bounded by a batch's sites. Several codebooks give the arithmetic mean of
    their perplexities. Atoms of sparse latents are counted over all active slots, whatever their
    coefficients, so one that pads a slot with coefficient 0 counts too.

    Reference: Neural Discrete Representation Learning (van den Oord et al., 2017),
    arXiv:1711.00937.
    """

    title = "perplexity"
    better = "higher"
    subject = "autoencoder"
    needs = frozenset({Need.LATENTS, Need.CODES})

    def measure(self, evidence: Evidence) -> float:
        return fmean(map(perplexity, count_codes(evidence.test_latents)))
