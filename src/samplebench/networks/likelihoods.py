"""What a reconstruction costs."""

import math
from typing import Literal

from torch import Tensor
from torch.nn import functional

from samplebench.contracts.dataset import Images

Likelihood = Literal["mse", "bernoulli", "laplace", "gaussian"]

_LEAST_VARIANCE = 1e-8  # an exact reconstruction must not cost −∞


def reconstruction_loss(likelihood: Likelihood, decoded: Tensor, images: Images) -> Tensor:
    """``−log p(x | z)`` without constants, in nats, summed over pixels, averaged over images.

    ``decoded`` is the mean of each pixel; for ``bernoulli``, its logit.

    ``mse``: a Gaussian of variance 1 around the mean, half the squared error.
    ``bernoulli``: cross-entropy, each pixel in [0, 1] the probability of a one.
    ``laplace``: a Laplace law of scale 1 around the mean, the absolute error.
    ``gaussian``: a Gaussian of the variance that suits the batch best, ``D/2 log MSE`` for D
    pixels (Simple and Effective VAE Training with Calibrated Decoders, Rybkin et al., 2020,
    arXiv:2006.13202).
    """
    if likelihood == "bernoulli":
        total = functional.binary_cross_entropy_with_logits(decoded, images, reduction="sum")
        return total / len(images)
    if likelihood == "mse":
        return functional.mse_loss(decoded, images, reduction="sum") / 2 / len(images)
    if likelihood == "laplace":
        return functional.l1_loss(decoded, images, reduction="sum") / len(images)
    variance = functional.mse_loss(decoded, images).clamp(min=_LEAST_VARIANCE)
    return math.prod(images.shape[1:]) / 2 * variance.log()
