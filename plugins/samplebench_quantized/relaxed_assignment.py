"""Soft assignment of sites to codewords: with the noise of the Gumbel-softmax, and without.

For sites z and codewords μ, ``d_c = ‖z − μ_c‖²``, ``q(c | z) = softmax_c(−s d_c)`` and
``y = softmax_c((−s d_c + g_c)/τ)`` with Gumbel noise g. Only sums of both over the codes are
needed, and computed a tile of sites at a time. No tensor of the size of sites times codewords is
kept for the gradient: the noise is drawn again from its seed, and the rest computed again from one
matrix product.

A softmax ignores terms that are equal for all codes, so logits are ``l_c = 2 s z·μ_c − s ‖μ_c‖²``:
affine in z, and distances follow from their sums, ``Σ_c q_c d_c = ‖z‖² − Σ_c q_c l_c / s``.

References: Categorical Reparameterization with Gumbel-Softmax (Jang et al., 2017),
arXiv:1611.01144; The Concrete Distribution (Maddison et al., 2017), arXiv:1611.00712
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

from samplebench.clusters import find_middle
from samplebench_quantized.nearest import Codebook, Points

PerPoint = Float[Tensor, " points"]
PerCode = Float[Tensor, " codes"]
Scalar = Float[Tensor, ""]

_TILE = {"cpu": 2**19}
"""Pairs of a site and a codeword at a time: 2 MiB in float32 for each number that they have."""
_LARGE_TILE = 2**24  # an accelerator is faster with few large products


class SoftSums(NamedTuple):
    """Sums over the codes c, for every point."""

    mixed: Points
    """``Σ y_c μ_c``."""
    mixed_distance: PerPoint
    """``Σ y_c d_c``."""
    distance: PerPoint
    """``Σ q_c d_c``."""
    entropy: PerPoint
    """``−Σ q_c log q_c``, in nats."""
    shares: PerCode
    """The mean of q over the points."""


@torch.compiler.disable  # type: ignore[untyped-decorator] # torch has no hint here
def assign_softly(
    points: Points, codebook: Codebook, *, scale: Scalar, temperature: Scalar
) -> SoftSums:
    """Assign every point softly; gradients reach points, codebook and scale.

    Args:
        points: z, of the codebook's floating type.
        codebook: μ.
        scale: s, a tensor, which may ask for a gradient.
        temperature: τ, a tensor.
    """
    # So distances lose nothing far from the origin, nor by few codewords far from the others.
    centre = find_middle(codebook.detach())
    points, codebook = points - centre, codebook - centre
    squares, lengths = codebook.square().sum(1), points.square().sum(1)
    mixed, mixed_square, logit, evidence, shares = _Sums.apply(
        points, 2 * scale * codebook, -scale * squares, codebook, squares, temperature
    )
    mixed_distance = lengths + mixed_square - 2 * (points * mixed).sum(1)
    distance = lengths - logit / scale
    return SoftSums(
        mixed + centre,
        mixed_distance.clamp(min=0),  # rounding must not make a variance negative
        distance.clamp(min=0),
        evidence - logit,
        shares,
    )


class _Sums(torch.autograd.Function):
    """``y V``, ``Σ y_c w_c``, ``Σ q_c l_c``, ``log Σ exp l_c``, and the mean of q over points.

    Here ``l = x Kᵀ + b`` are logits, ``y = softmax((l + g)/τ)`` and ``q = softmax(l)``.
    """

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        keys: Tensor,
        bias: Tensor,
        values: Tensor,
        worth: Tensor,
        temperature: Tensor,
    ) -> tuple[Tensor, ...]:
        ctx.seed = int(torch.randint(2**62, ()))  # on the host, so that a GPU need not wait
        mixed = torch.empty_like(x)
        mixed_worth, logit, evidence = x.new_empty(3, len(x))
        shares = torch.zeros_like(bias)
        for rows, logits, y, _ in _tiles(x, keys, bias, temperature, ctx.seed):
            torch.mm(y, values, out=mixed[rows])
            torch.mv(y, worth, out=mixed_worth[rows])
            q = torch.softmax(logits, 1, out=y)
            shares += q.sum(0)
            # The largest of q is at least one over the codes, so that its logarithm is exact.
            torch.sub(logits.amax(1), q.amax(1).log(), out=evidence[rows])
            torch.sum(q.mul_(logits), 1, out=logit[rows])
        inputs = (x, keys, bias, values, worth, temperature)
        ctx.save_for_backward(*inputs, mixed, mixed_worth, logit)
        return mixed, mixed_worth, logit, evidence, shares / len(x)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        x, keys, bias, values, worth, temperature, mixed, mixed_worth, logit = ctx.saved_tensors
        to_mixed, to_worth, to_logit, to_evidence, to_shares = gradients
        # The gradient of a softmax is its weight times (the gradient of the weight less its mean).
        means = (to_mixed * mixed).sum(1) + to_worth * mixed_worth
        right = torch.cat([values, worth[:, None], torch.ones_like(worth)[:, None]], 1)
        common = to_evidence + to_logit * (1 - logit)
        to_shares = to_shares / len(x)
        to_x, to_keys, to_values = (
            torch.empty_like(x),
            torch.zeros_like(keys),
            torch.zeros_like(values),
        )
        to_bias, to_worths = torch.zeros_like(bias), torch.zeros_like(worth)
        for rows, logits, y, room in _tiles(x, keys, bias, temperature, ctx.seed):
            to_values.addmm_(y.T, to_mixed[rows])
            to_worths.addmv_(y.T, to_worth[rows])
            left = [to_mixed[rows], to_worth[rows, None], -means[rows, None]]
            torch.mm(torch.cat(left, 1).div_(temperature), right.T, out=room)
            to_logits = room.mul_(y)
            q = torch.softmax(logits, 1, out=y)
            shift = common[rows] - torch.mv(q, to_shares)
            push = torch.addcmul(to_shares, logits, to_logit[rows, None], out=logits)
            to_logits.addcmul_(push.add_(shift[:, None]), q)
            torch.mm(to_logits, keys, out=to_x[rows])
            to_keys.addmm_(to_logits.T, x[rows])
            to_bias += to_logits.sum(0)
        return to_x, to_keys, to_bias, to_values, to_worths, None


def _tiles(
    x: Tensor, keys: Tensor, bias: Tensor, temperature: Tensor, seed: int
) -> Iterator[tuple[slice, Tensor, Tensor, Tensor]]:
    """Yield rows, their logits, their y, and scratch memory; a seed gives the same again."""
    generator = torch.Generator(x.device).manual_seed(seed)
    size = max(1, _TILE.get(x.device.type, _LARGE_TILE) // len(keys))
    # Kept over all tiles: new memory for each would cost as much time as the work on it.
    held = x.new_empty(3, min(size, len(x)), len(keys))
    for start in range(0, len(x), size):
        rows = slice(start, min(start + size, len(x)))
        logits, y, room = held[:, : rows.stop - start]
        torch.addmm(bias, x[rows], keys.T, out=logits)
        torch.rand(room.shape, generator=generator, out=room)
        minus_gumbel = room.log_().neg_().log_()
        torch.softmax(torch.sub(logits, minus_gumbel, out=room).div_(temperature), 1, out=y)
        yield rows, logits, y, room
