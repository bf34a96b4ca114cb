"""The scaled sites in which soft assignments measure distances."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from samplebench.clusters import compute_moments
from samplebench.networks import Sites
from samplebench_quantized.nearest import Points

_LEAST_STD = 1e-6  # of a channel that is the same at all sites


class Proxies(nn.Module):
    """Standardised sites ``ẑ_j = √w_j (z_j − o_j)``.

    The sites of an untrained encoder hardly differ, so that soft assignments could not distinguish
    them. The weights w are learned; they and the origin o start so that each channel of the first
    sites has mean 0 and variance 1; two sites then lie about √(2 channels) apart.
    """

    origin: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("origin", torch.zeros(channels))
        self.gains = nn.Parameter(torch.ones(channels))  # √w

    def forward(self, sites: Sites) -> Float[Tensor, "points channels"]:
        points: Points = (sites.to(self.gains) - self.origin) * self.gains
        return points.flatten(0, 1)

    @torch.no_grad()
    def begin(self, sites: Sites) -> None:
        """Take origin and weights from some sites."""
        points = sites.to(self.gains).flatten(0, 1)
        mean, variance = compute_moments(points)
        self.origin.copy_(mean)
        self.gains.copy_(1 / variance.sqrt().clamp(min=_LEAST_STD))
