"""Near copies: draws much nearer to one training sample than to all others."""

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
from samplebench_metrics.copying import bound_excess, find_near_copies


class NearCopies(Metric):
    """At least this share of draws are near copies of training samples, beyond held-out samples.

    A near copy is less than half as far from one training sample as from any other. The score is
    the lower bound, at 99 %, of the excess of their share over that among held-out samples; 0 is
    the best, and what independent draws score whatever their distribution is. It sees exact copies
    among other draws, and noise up to about half the distance between neighbours.

    Args:
        of: ``latents``, ``decoded`` samples, or their ``features`` in each extractor. Decoded ones
            are compared with at most 10,000 decoded training latents.

    Reference: A Non-Parametric Test to Detect Data-Copying in Generative Models (Meehan, Chaudhuri
    and Dasgupta, 2020), arXiv:2004.05675, for the three samples; the ratio of distances is that of
    Distinctive Image Features from Scale-Invariant Keypoints (Lowe, 2004),
    doi:10.1023/B:VISI.0000029664.99615.94.
    """

    better = "lower"
    diagnostic = True
    alarm = 0.01

    def __init__(self, of: Kind = "decoded") -> None:
        self.of: Kind = one_of("of", of, get_args(Kind))
        self.title = title_of("near copies", of)
        self.subject = "latents" if of == "latents" else "images"
        self.needs = needs_of(of) | {Need.SAMPLER}

    def refuses(self, space: LatentSpace) -> str | None:
        return objection_of(self.of, space)

    def measure(self, evidence: Evidence) -> float:
        these = compare(evidence, self.of)
        return bound_excess(*find_near_copies(these.drawn, these.held_out, these.train))
