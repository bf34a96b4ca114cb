"""Finite scalar quantisation: a fixed grid in place of a codebook."""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from samplebench import Discrete, Latents, Shape
from samplebench.networks import (
    Bottleneck,
    BottleneckAutoencoder,
    Coded,
    Likelihood,
    Sites,
)
from samplebench_quantized.straight_through import straight_through

_MARGIN = 1e-3  # the share by which a channel may exceed its outermost levels
_MOST_CODES = 2**63 - 1
_MOST = 1000  # levels of a channel, with which that is less than half a level


class ScalarQuantiser(Bottleneck):
    """Each channel is bounded and rounded to one of its levels; a code is the mixed-radix number
    of its levels, the first channel's digit the lowest.

    For L levels, with ``h = (L − 1)(1 + 10⁻³)/2`` and ``o = 1/2`` if L is even, else 0:

    ``y = h tanh(z + artanh(o/h)) − o``, and the decoder sees ``round(y) / ⌊L/2⌋``.

    Raises:
        ValueError: there is no level count, or one outside 2…1000, or there are 2⁶³ codes or more.
    """

    sizes: Tensor
    places: Tensor

    def __init__(self, levels: Sequence[int]) -> None:
        super().__init__()
        if not levels or min(levels) < 2 or max(levels) > _MOST:
            raise ValueError(
                f"levels are one number in 2…{_MOST} for each channel, not {levels!r}"
            )
        if (codes := math.prod(levels)) > _MOST_CODES:
            raise ValueError(
                f"levels {tuple(levels)} make {codes:,} codes, and a code is a 64-bit integer, of "
                f"which there are {_MOST_CODES:,}: use fewer channels, or fewer levels"
            )
        self.levels, self.channels = tuple(levels), len(levels)
        sizes = torch.tensor(self.levels)
        places = [math.prod(self.levels[:channel]) for channel in range(self.channels)]
        self.register_buffer("sizes", sizes, persistent=False)
        self.register_buffer("places", torch.tensor(places), persistent=False)

    def space(self, grid: tuple[int, ...]) -> Discrete:
        return Discrete((math.prod(self.levels),), grid)

    def encode(self, sites: Sites) -> Coded:
        digits = self._bound(sites).round().long() + self._middle
        return Coded(codes=(digits * self.places).sum(-1, keepdim=True))

    def decode(self, latents: Latents) -> Sites:
        digits = latents.codes.flatten(1, -2) // self.places % self.sizes
        return (digits - self._middle) / self._middle

    def forward(self, sites: Sites) -> tuple[Sites, Mapping[str, Tensor]]:
        bounded = self._bound(sites)
        return straight_through(bounded, bounded.round()) / self._middle, {}

    @property
    def _middle(self) -> Tensor:
        """The digit of the level at zero."""
        return self.sizes // 2

    def _bound(self, sites: Sites) -> Sites:
        """Bound the sites to their outermost levels, where levels are 1 apart; float32."""
        half = (self.sizes - 1) * (1 + _MARGIN) / 2
        offset = (self.sizes % 2 == 0) / 2
        return half * torch.tanh(sites.float() + torch.atanh(offset / half)) - offset


def fsq(
    shape: Shape,
    levels: tuple[int, ...] = (8, 6, 5),
    width: int = 128,
    halvings: int = 2,
    likelihood: Likelihood = "mse",
) -> BottleneckAutoencoder:
    """FSQ: every channel of a site is rounded to one of a few levels; no codebook is learned.

    ``L = R(x, D(z̃))`` with ``z̃ = round(h tanh(z + artanh(o/h)) − o) / ⌊L/2⌋`` for each channel
    of L levels, ``h = (L − 1)(1 + 10⁻³)/2`` and ``o = 1/2`` if L is even, else 0. The gradient
    passes straight through the rounding; there is no other term. The paper's code has ``1 − 10⁻³``
    and ``tan`` for ``artanh``, with which z = 0 is not exactly on its level.

    Args:
        shape: channels, height, width.
        levels: the number of levels of each channel; their product is the number of codes.
        width: channels of the widest layers.
        halvings: downsamplings by a factor of 2 between the image and the sites.
        likelihood: the likelihood behind the reconstruction error.

    Raises:
        ValueError: there is no level count, or one outside 2…1000, or there are 2⁶³ codes or more.

    Reference: Finite Scalar Quantization: VQ-VAE Made Simple (Mentzer et al., 2023),
    arXiv:2309.15505
    """
    return BottleneckAutoencoder(
        shape, ScalarQuantiser(levels), width=width, halvings=halvings, likelihood=likelihood
    )
