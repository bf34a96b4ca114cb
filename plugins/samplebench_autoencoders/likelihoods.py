"""What a reconstruction costs, from the decoder's logits."""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from samplebench import Images

Likelihood = Literal["mse", "bernoulli"]


def reconstruction_loss(likelihood: Likelihood, logits: Tensor, images: Images) -> Tensor:
    """``−log p(x | z)`` without constants, summed over pixels, averaged over images.

    ``mse``: a Gaussian of variance 1 around ``sigmoid(logits)``, half the squared error.
    ``bernoulli``: cross-entropy, each pixel in [0, 1] the probability of a one.
    """
    if likelihood == "mse":
        total = functional.mse_loss(torch.sigmoid(logits), images, reduction="sum") / 2
    else:
        total = functional.binary_cross_entropy_with_logits(logits, images, reduction="sum")
    return total / len(images)
