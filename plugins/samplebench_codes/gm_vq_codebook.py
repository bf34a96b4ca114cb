"""The means of GM-VQ, learned from points that stay as they are.

``L(μ) = E_z Σ_c q(c|z) ‖z − μ_c‖² / 2σ² + β (log K − H(q^B))``,
``q(c|z) = softmax_c(−‖z − μ_c‖² / 2σ²)``, ``q^B`` the mean of q over a batch. Points are
standardised, so that one learning rate fits latents of any scale.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from samplebench.clusters import k_means
from samplebench.training import HeldOut, Schedule, set_aside, train

Points = Float[Tensor, "points D"]
Means = Float[Tensor, "K D"]

LEAST_VARIANCE = 1e-6
"""Of a component's dimension, as a share of the latents' mean variance."""
_ROUNDS = 10
_START_POINTS = 2**14
"""The start is found on so many points, or on 64 a component where that is more."""
_PAIRS = 2**22
"""Pairs of a point and a mean that are looked at together."""


@dataclass(frozen=True)
class Learning:
    """How the means are learned; ``sigma`` is in units of the points, ``None`` for the spread
    within the clusters of k-means.
    """

    components: int
    entropy: float
    sigma: float | None
    schedule: Schedule


def learned_codes(
    maps: Float[Tensor, "samples sites D"], how: Learning
) -> tuple[Int64[Tensor, " points"], dict[str, float]]:
    """Learn the means, and draw a code for every site; codes that no site draws are not counted.

    Returns:
        The codes, sites of a latent one after the other, and how the learning went.

    Raises:
        ValueError: there is one latent, or all are equal, or there are fewer distinct sites than
            components.
    """
    if len(maps) < 2:
        raise ValueError("gm-vq holds some latents out, so it needs at least two; there is one")
    if bool((maps == maps[0, 0]).all()):
        raise ValueError("all sites of all latents are equal: there are no components to learn")
    variances, centre = torch.var_mean(maps, (0, 1), correction=0)
    scale = variances.mean().sqrt()
    points = (maps - centre) / scale
    learned, unseen = set_aside(points, how.schedule.held_out)  # sites of a latent stay together
    codebook, found = _learned(learned.flatten(0, 1), unseen.flatten(0, 1), how)
    drawn = codebook.drawn_codes(points.flatten(0, 1))
    codes = torch.unique(drawn, return_inverse=True)[1]
    return codes, {**found, "sigma": found["sigma"] * float(scale)}


class Codebook(nn.Module):
    """The means, and how points are assigned to them.

    Args:
        means: (K, D), where they start.
        sigma: σ.
        entropy: β.
    """

    def __init__(self, means: Means, sigma: float, entropy: float) -> None:
        super().__init__()
        self.means = nn.Parameter(means)
        self.sigma, self.entropy = sigma, entropy

    def loss(self, points: Points) -> Mapping[str, Tensor]:
        """Both terms of L over a batch."""
        halves = self._half_squares(points)
        posterior = (-halves).softmax(1)
        shares = posterior.mean(0)
        # The slope of p log p is infinite at zero, which would make a gradient NaN.
        entropy = -(shares * shares.clamp(min=torch.finfo(shares.dtype).tiny).log()).sum()
        return {
            "latent": (posterior * halves).sum(1).mean(),
            "divergence": self.entropy * (math.log(len(self.means)) - entropy),
        }

    @torch.no_grad()
    def drawn_codes(self, points: Points) -> Int64[Tensor, " points"]:
        """A code for each point, drawn from q(c|z)."""
        found = []
        for chunk in torch.split(points, max(1, _PAIRS // len(self.means))):
            # Where σ is small beside the points, differences of squares lose float32's digits.
            halves = self._half_squares(chunk.double())
            # The largest of logits with Gumbel noise is a draw from their softmax.
            minus_gumbel = torch.rand_like(halves).log_().neg_().log_()
            found.append(minus_gumbel.add_(halves).argmin(1))
        return torch.cat(found)

    def _half_squares(self, points: Points) -> Float[Tensor, "points K"]:
        """``‖z − μ_c‖² / 2σ²``."""
        means = self.means.to(points.dtype)
        products = points @ means.mT
        squares = points.square().sum(1, keepdim=True) + means.square().sum(1)
        return (squares - 2 * products).clamp(min=0) / (2 * self.sigma**2)


def _learned(
    points: Points, held_out: Float[Tensor, "held_out D"], how: Learning
) -> tuple[Codebook, Mapping[str, float]]:
    """The codebook that fits the points best, as held-out ones tell, and how that went."""
    some = torch.randperm(len(points), device=points.device)
    some = points[some[: max(_START_POINTS, 64 * how.components)]]
    means, variance = k_means(some, how.components, _ROUNDS)
    # As many degrees of freedom are lost as there are centres.
    within = float(variance) * len(some) / max(1, len(some) - how.components)
    sigma = how.sigma or max(within, LEAST_VARIANCE) ** 0.5
    codebook = Codebook(means.to(points), sigma, how.entropy)
    finish = train(
        codebook,
        codebook.loss,
        points,
        how.schedule.budget,
        held_out=HeldOut(held_out, how.schedule.patience),
    )
    assert finish.held_out is not None
    return codebook, {
        "steps": float(finish.steps),
        "held_out_loss": finish.held_out,
        "sigma": sigma,
    }
