"""Latent authenticity: the share of generated latents that copy no training latent."""

from samplebench import Evidence, LatentSpace, Metric, Need
from samplebench_metrics.copying import find_close
from samplebench_metrics.vectors import as_vectors, vector_objection


class LatentAuthenticity(Metric):
    """The share of generated latents no closer to a training latent than its own neighbours are.

    With t the training latent nearest to a generated latent g, and t′ the one nearest to t among
    the others, g is authentic if ``|g − t| > |t − t′|``. A copy is never authentic. Held-out
    latents are the yardstick, shown in the reconstruction row. A score below theirs may come from
    copies or from a narrower distribution, and one above from noise that a decoder ignores: so it
    raises no alarm.

    Departs from the paper in the space: the latents as they are, not an embedding made for it.

    Reference: How Faithful is your Synthetic Data? Sample-level Metrics for Evaluating and
    Auditing Generative Models (Alaa et al., 2022), arXiv:2102.08921.
    """

    title = "authenticity"
    better = "higher"
    subject = "latents"
    needs = frozenset({Need.LATENTS, Need.GENERATED_LATENTS})
    diagnostic = True

    def refuses(self, space: LatentSpace) -> str | None:
        return vector_objection(space)

    def measure(self, evidence: Evidence) -> float:
        drawn, train = as_vectors(evidence.generated_latents), as_vectors(evidence.train_latents)
        return float((~find_close(drawn, train)).double().mean())
