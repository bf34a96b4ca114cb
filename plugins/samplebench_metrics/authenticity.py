"""Authenticity of decoded draws: the share that copy no decoded training latent."""

from typing import Literal

from samplebench import Evidence, Metric, Need
from samplebench.settings import one_of
from samplebench_metrics.copying import find_close


class Authenticity(Metric):
    """The share of decoded draws farther from a decoded training latent than its neighbours are.

    It is ``latent-authenticity`` where a decoder has forgotten what it ignores. Decoded held-out
    latents are the yardstick, shown in the reconstruction row; a score below theirs may come from
    copies or from a narrower distribution, so that it raises no alarm.

    Args:
        of: ``decoded`` samples, or their ``features`` in each extractor, next to at most 10,000
            decoded training latents.

    Reference: How Faithful is your Synthetic Data? Sample-level Metrics for Evaluating and
    Auditing Generative Models (Alaa et al., 2022), arXiv:2102.08921.
    """

    better = "higher"
    subject = "images"
    diagnostic = True

    def __init__(self, of: Literal["decoded", "features"] = "decoded") -> None:
        self.of = one_of("of", of, ("decoded", "features"))
        in_features = of == "features"
        self.title = "authenticity" if in_features else "decoded authenticity"
        self.needs = frozenset({Need.TRAIN_RECONSTRUCTED, Need.GENERATED}) | (
            {Need.FEATURES} if in_features else frozenset()
        )

    def measure(self, evidence: Evidence) -> float:
        if self.of == "features":
            drawn, train = (
                evidence.features("generated"),
                evidence.features("train_reconstructed"),
            )
        else:
            drawn, train = (
                evidence.generated.flatten(1),
                evidence.train_reconstructed.flatten(1),
            )
        return float((~find_close(drawn, train)).double().mean())
