"""The errors of an autoencoder on held-out images, for the metrics that are made of them."""

import torch
from jaxtyping import Float64
from torch import Tensor

from samplebench import Evidence

_IMAGES_AT_ONCE = 1024


def compute_squared_errors(evidence: Evidence) -> Float64[Tensor, " samples"]:
    """Compute the mean squared error of each reconstruction, per number of a sample."""
    pairs = zip(
        torch.split(evidence.test, _IMAGES_AT_ONCE),
        torch.split(evidence.reconstructed, _IMAGES_AT_ONCE),
        strict=True,
    )
    return torch.cat(
        [(samples.double() - own.double()).square().flatten(1).mean(1) for samples, own in pairs]
    )
