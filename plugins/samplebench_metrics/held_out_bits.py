"""How many bits a held-out latent costs under the sampler."""

import math

from samplebench import Evidence, LatentSpace, Metric


class HeldOutBits(Metric):
    """The mean negative log-likelihood of held-out latents, in bits for each of their numbers.

    ``−Σ_i log₂ p(z_i) / (n D)`` for n held-out latents of D numbers each: the reals of a
    continuous or mixture latent, the codes of a discrete one, the active atoms of a sparse one.
    Densities of reals depend on their scale, so it compares samplers of one autoencoder and no
    more; it can be negative. A sampler under which a held-out latent is impossible has no finite
    number, which the board shows.

    Reference: A note on the evaluation of generative models (Theis, van den Oord and Bethge,
    2016), arXiv:1511.01844.
    """

    title = "held-out NLL"
    unit = "bits/dim"
    better = "lower"
    subject = "latents"
    uses_density = True

    def measure(self, evidence: Evidence) -> float:
        assert evidence.test_log_probs is not None  # the harness asks for no other
        nats = -float(evidence.test_log_probs().double().mean())
        return nats / math.log(2) / _numbers(evidence.test_latents.space)


def _numbers(space: LatentSpace) -> int:
    """Reals of a latent, or codes where it has no reals."""
    return space.sites * (space.value_width or space.code_width)
