"""The bits that a held-out latent costs under the sampler."""

import math

import torch

from samplebench import Continuous, Evidence, Latents, Metric, Mixture, Need, NoNumber


class HeldOutBits(Metric):
    """The mean negative log-likelihood of held-out latents, in bits for each of their numbers.

    ``−Σ_i log₂ p(z_i) / (n D)`` for n held-out latents of D numbers each: the reals of a
    continuous or mixture latent, the codes of a discrete one, the active atoms of a sparse one. Of
    a mixture latent whose values are codewords, the components alone cost bits, and they alone are
    counted. Densities of reals depend on their scale, so it compares samplers of one
    autoencoder and no more; it can be negative. Where a real never varies in the training latents,
    samplers differ in what its density means, and there is no number. Where the density is 0
    at a held-out latent, the mean is infinite: the reason gives the share of such latents, and the
    bits of the others.

    Reference: A note on the evaluation of generative models (Theis, van den Oord and Bethge,
    2016), arXiv:1511.01844.
    """

    title = "held-out NLL"
    unit = "bits/dim"
    better = "lower"
    subject = "latents"
    needs = frozenset({Need.LATENTS, Need.DENSITY})

    def measure(self, evidence: Evidence) -> float:
        _require_variation(evidence.train_latents)
        log_probs = evidence.test_log_probs().double()
        impossible = log_probs == -math.inf
        bits = -float(log_probs[~impossible].mean()) / math.log(2)
        bits /= _count_numbers(evidence.train_latents)
        if impossible.any():
            raise NoNumber(_describe_infinity(float(impossible.double().mean()), bits))
        return bits


def _describe_infinity(share: float, bits: float) -> str:
    """Describe an infinite mean; ``bits`` are those of the latents whose density is not 0."""
    if share == 1:
        return "infinite: the density is 0 at every held-out latent"
    return (
        f"infinite: the density is 0 at {100 * share:.3g} % of held-out latents; the others cost "
        f"{bits:.3g} bits/dim"
    )


def _require_variation(train: Latents) -> None:
    if not isinstance(train.space, Continuous):
        return
    values = train.values.flatten(1)
    constant = int((values.amin(0) == values.amax(0)).sum())
    if constant:
        raise NoNumber(
            f"{constant} of {values.shape[1]} dimensions never vary in the training latents, and "
            "densities do not compare there"
        )


def _count_numbers(train: Latents) -> int:
    """Count the reals of a latent, or its codes where it has no reals of its own."""
    space = train.space
    counted = space.value_width
    if isinstance(space, Mixture) and not _varies_within_components(train):
        counted = 0
    return space.sites * (counted or space.code_width)


def _varies_within_components(train: Latents) -> bool:
    """True if sites of one component differ in their values, as those of codewords do not."""
    values = train.values.flatten(0, -2)  # (sites, channels)
    used, codes = torch.unique(train.codes.flatten(), return_inverse=True)
    owners = codes[:, None].expand_as(values)
    low, high = (
        values.new_full((len(used), values.shape[1]), torch.nan).scatter_reduce(
            0, owners, values, extreme, include_self=False
        )
        for extreme in ("amin", "amax")
    )
    return bool((low < high).any())
