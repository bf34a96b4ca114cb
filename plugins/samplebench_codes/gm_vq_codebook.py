"""The means of GM-VQ, learned from points that are fixed.

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

from samplebench.clusters import compute_moments, k_means
from samplebench.training import HeldOut, Schedule, set_aside, train

Points = Float[Tensor, "points D"]
Means = Float[Tensor, "K D"]

LEAST_VARIANCE = 1e-6
"""Of a component's dimension, as a share of the latents' mean variance."""
_ROUNDS = 10
_START_POINTS = 2**14
"""Points on which the start is found, or 64 a component where that is more."""
_PAIRS = 2**22
"""Pairs of a point and a mean that are computed together."""


@dataclass(frozen=True)
class CodebookTraining:
    """The settings by which the means are learned.

    ``sigma`` is in units of the points; ``None`` is the std within the clusters of k-means.
    """

    components: int
    entropy: float
    sigma: float | None
    schedule: Schedule


def learn_codes(
    maps: Float[Tensor, "samples sites D"], training: CodebookTraining
) -> tuple[Int64[Tensor, " points"], dict[str, float]]:
    """Learn the means, and draw a code for every site; codes that no site draws are left out.

    Returns:
        The codes, sites of a latent one after the other, and diagnostics of the training.

    Raises:
        ValueError: there is one latent, or all are equal, or there are fewer distinct sites than
            components.
    """
    if len(maps) < 2:
        raise ValueError("gm-vq holds some latents out, so it needs at least two; there is one")
    if bool((maps == maps[0, 0]).all()):
        raise ValueError("all sites of all latents are equal: there are no components to learn")
    centre, variances = compute_moments(maps.flatten(0, 1))
    scale = variances.mean().sqrt()
    points = (maps - centre.to(maps)) / scale.to(maps)
    seen, unseen = set_aside(points, training.schedule.held_out)  # sites of a latent stay together
    codebook, diagnostics = _train(
        seen.flatten(0, 1), held_out=unseen.flatten(0, 1), training=training
    )
    drawn = codebook.draw_codes(points.flatten(0, 1))
    codes = torch.unique(drawn, return_inverse=True)[1]
    return codes, {**diagnostics, "sigma": diagnostics["sigma"] * float(scale)}


class Codebook(nn.Module):
    """The means, and the assignment of points to them.

    Args:
        means: (K, D), at the start.
        sigma: σ.
        entropy: β.
    """

    def __init__(self, means: Means, *, sigma: float, entropy: float) -> None:
        super().__init__()
        self.means = nn.Parameter(means)
        self.sigma, self.entropy = sigma, entropy

    def loss(self, points: Points) -> Mapping[str, Tensor]:
        """Compute both terms of L over a batch."""
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
    def draw_codes(self, points: Points) -> Int64[Tensor, " points"]:
        """Draw a code for each point from q(c|z)."""
        codes = []
        for chunk in torch.split(points, max(1, _PAIRS // len(self.means))):
            halves = self._half_squares(chunk)
            # The largest of logits with Gumbel noise is a draw from their softmax.
            minus_gumbel = torch.rand_like(halves).log_().neg_().log_()
            codes.append(minus_gumbel.add_(halves).argmin(1))
        return torch.cat(codes)

    def _half_squares(self, points: Points) -> Float[Tensor, "points K"]:
        """Compute ``‖z − μ_c‖² / 2σ²``, float64.

        Where σ is small compared to the points, differences of squares lose all of float32.
        """
        points, means = points.double(), self.means.double()
        products = points @ means.mT
        squares = points.square().sum(1, keepdim=True) + means.square().sum(1)
        return (squares - 2 * products).clamp(min=0) / (2 * self.sigma**2)


def _train(
    points: Points, *, held_out: Float[Tensor, "held_out D"], training: CodebookTraining
) -> tuple[Codebook, Mapping[str, float]]:
    """Learn the codebook with the lowest loss on held-out points; return it and diagnostics."""
    some = torch.randperm(len(points), device=points.device)
    some = points[some[: max(_START_POINTS, 64 * training.components)]]
    means, variance = k_means(some, training.components, _ROUNDS)
    # As many degrees of freedom are lost as there are centres.
    within = float(variance) * len(some) / max(1, len(some) - training.components)
    sigma = training.sigma or max(within, LEAST_VARIANCE) ** 0.5
    codebook = Codebook(means.to(points), sigma=sigma, entropy=training.entropy)
    finish = train(
        codebook,
        codebook.loss,
        points,
        training.schedule.budget,
        held_out=HeldOut(held_out, training.schedule.patience),
    )
    assert finish.held_out is not None
    return codebook, {
        "steps": float(finish.steps),
        "held_out_loss": finish.held_out,
        "sigma": sigma,
    }
