"""How many bits a held-out latent costs under the sampler."""

import math

from samplebench import Continuous, Evidence, Latents, LatentSpace, Metric


class HeldOutBits(Metric):
    """The mean negative log-likelihood of held-out latents, in bits for each of their numbers.

    ``−Σ_i log₂ p(z_i) / (n D)`` for n held-out latents of D numbers each: the reals of a
    continuous or mixture latent, the codes of a discrete one, the active atoms of a sparse one.
    Densities of reals depend on their scale, so it compares samplers of one autoencoder and no
    more; it can be negative. Where a real never varies in the training latents, samplers differ in
    what its density means, and there is no number. Nor is there one for a sampler under which a
    held-out latent is impossible. Of a mixture latent whose values are codewords it is the
    components alone that cost bits.

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
        _require_variation(evidence.train_latents)
        nats = -float(evidence.test_log_probs().double().mean())
        return nats / math.log(2) / _numbers(evidence.test_latents.space)


def _require_variation(train: Latents) -> None:
    if not isinstance(train.space, Continuous):
        return
    values = train.values.flatten(1)
    still = int((values.amin(0) == values.amax(0)).sum())
    if still:
        raise ValueError(
            f"{still} of {values.shape[1]} dimensions never vary in the training latents, and "
            "densities do not compare there"
        )


def _numbers(space: LatentSpace) -> int:
    """Reals of a latent, or codes where it has no reals."""
    return space.sites * (space.value_width or space.code_width)
