"""The reconstruction losses: negative log-likelihoods of samples."""

import math
from typing import Literal

from torch import Tensor
from torch.nn import functional

from samplebench.contracts.dataset import Samples

Likelihood = Literal["mse", "bernoulli", "laplace", "gaussian"]

_MINIMUM_VARIANCE = 1e-8  # keeps the loss of an exact reconstruction finite


def reconstruction_loss(likelihood: Likelihood, decoded: Tensor, samples: Samples) -> Tensor:
    """Compute ``−log p(x | z)`` without constants, in nats: a sum over the numbers of a
    sample, a mean over samples.

    ``decoded`` holds the mean of each number; for ``bernoulli``, its logit.

    ``mse``: a Gaussian of variance 1, half the squared error.
    ``bernoulli``: cross-entropy, with each pixel in [0, 1] as the probability of a one.
    ``laplace``: a Laplace distribution of scale 1, the absolute error.
    ``gaussian``: a Gaussian of the maximum-likelihood variance of the batch, ``D/2 log MSE`` for
    D pixels (Simple and Effective VAE Training with Calibrated Decoders, Rybkin et al., 2020,
    arXiv:2006.13202).
    """
    if likelihood == "bernoulli":
        total = functional.binary_cross_entropy_with_logits(decoded, samples, reduction="sum")
        return total / len(samples)
    if likelihood == "mse":
        return functional.mse_loss(decoded, samples, reduction="sum") / 2 / len(samples)
    if likelihood == "laplace":
        return functional.l1_loss(decoded, samples, reduction="sum") / len(samples)
    variance = functional.mse_loss(decoded, samples).clamp(min=_MINIMUM_VARIANCE)
    return math.prod(samples.shape[1:]) / 2 * variance.log()
