"""Codebook perplexity: how many of its codes an autoencoder uses."""

from statistics import fmean

from samplebench import Evidence, LatentSpace, Metric
from samplebench_metrics.code_usage import code_counts, code_objection, perplexity


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

    def objection(self, space: LatentSpace) -> str | None:
        return code_objection(space)

    def measure(self, evidence: Evidence) -> float:
        return fmean(map(perplexity, code_counts(evidence.test_latents)))
