"""Closeness: draws that are close to training samples, as held-out samples are not."""

from typing import get_args

from samplebench import Evidence, LatentSpace, Metric, Need
from samplebench.settings import one_of
from samplebench_metrics.compared import (
    Kind,
    compare,
    needs_of,
    objection_of,
    title_of,
)
from samplebench_metrics.copying import bound_attachment, bound_excess, find_close


class Closeness(Metric):
    """At least this share of draws are closer to training samples than held-out samples are.

    A sample is close to a training sample if it is no farther from it than that is from its own
    nearest neighbour: if it is not authentic. The score is the smaller of two lower bounds, each
    at 99 %: of the excess of close draws over close held-out samples, and of the excess of draws
    close to training samples over those close to held-out samples put in their place. The first
    alone is large for a distribution that is merely narrow, the second for one with noise that
    takes its draws farther from training samples than held-out ones are. 0 is the best.

    Args:
        of: ``latents``, ``decoded`` samples, or their ``features`` in each extractor. Decoded ones
            are compared with at most 10,000 decoded training latents.

    References: How Faithful is your Synthetic Data? Sample-level Metrics for Evaluating and
    Auditing Generative Models (Alaa et al., 2022), arXiv:2102.08921; for held-out samples in the
    place of training samples, Holdout-Based Empirical Assessment of Mixed-Type Synthetic Data
    (Platzer and Reutterer, 2021), arXiv:2104.00635. The bounds are not theirs.
    """

    better = "lower"
    diagnostic = True
    alarm = 0.01

    def __init__(self, of: Kind = "decoded") -> None:
        self.of: Kind = one_of("of", of, get_args(Kind))
        self.title = title_of("closer", of)
        self.subject = "latents" if of == "latents" else "images"
        self.needs = needs_of(of) | {Need.SAMPLER}

    def refuses(self, space: LatentSpace) -> str | None:
        return objection_of(self.of, space)

    def measure(self, evidence: Evidence) -> float:
        these = compare(evidence, self.of)
        close = (find_close(samples, these.train) for samples in (these.drawn, these.held_out))
        return min(
            bound_excess(*close), bound_attachment(these.drawn, these.held_out, these.train)
        )
