"""Lookup-free quantisation: a code is the signs of its channels."""

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from samplebench import Discrete, Latents
from samplebench.networks import (
    Bottleneck,
    BottleneckAutoencoder,
    Coded,
    ImageShape,
    Likelihood,
    Sites,
)
from samplebench_quantized.entropy import entropy
from samplebench_quantized.straight_through import straight_through

_MOST_BITS = 24  # the mean law over all codes is one tensor


class SignQuantiser(Bottleneck):
    """Each channel becomes its sign; the codes are the corners of a cube.

    ``q(c | z) ∝ exp(−‖z − c‖²/τ)`` over the corners c of the cube is a product of Bernoulli laws,
    one a bit, with logits ``4 z_b/τ``.

    Args:
        bits: channels, and bits of a code.
        entropy: the weight of ``E H(q(c | z)) − γ H(E q(c | z))``, in nats a site.
        diversity: γ, what the entropy of the mean law counts beside that of each site's.
        commitment: the weight of ``‖z − sg c‖²``.
        temperature: τ.

    Raises:
        ValueError: a number is out of its range.
    """

    places: Tensor

    def __init__(
        self,
        bits: int,
        entropy: float = 0.1,
        diversity: float = 1.0,
        commitment: float = 0.25,
        temperature: float = 1.0,
    ) -> None:
        super().__init__()
        if not 1 <= bits <= _MOST_BITS:
            raise ValueError(f"bits lie in 1…{_MOST_BITS}, not at {bits}")
        if min(entropy, diversity, commitment) < 0 or not temperature > 0:
            raise ValueError("weights are not negative, and the temperature is positive")
        self.bits, self.channels = bits, bits
        self.entropy, self.diversity = entropy, diversity
        self.commitment, self.temperature = commitment, temperature
        self.register_buffer("places", 2 ** torch.arange(bits), persistent=False)

    def space(self, grid: tuple[int, ...]) -> Discrete:
        return Discrete((2**self.bits,), grid)

    def encode(self, sites: Sites) -> Coded:
        return Coded(codes=((sites > 0) * self.places).sum(-1, keepdim=True))

    def decode(self, latents: Latents) -> Sites:
        bits = latents.codes.flatten(1, -2) // self.places % 2
        corners: Tensor = 2.0 * bits - 1
        return corners

    def forward(self, sites: Sites) -> tuple[Sites, Mapping[str, Tensor]]:
        sites = sites.float()
        signs = torch.where(sites > 0, 1.0, -1.0)
        logits = 4 / self.temperature * sites.flatten(0, 1)
        spread = entropy_of_each(logits) - self.diversity * entropy_of_mean(logits)
        terms = {
            "commitment": self.commitment * functional.mse_loss(sites, signs),
            "entropy": self.entropy * spread,
        }
        return straight_through(sites, signs), terms


def entropy_of_each(logits: Float[Tensor, "points bits"]) -> Float[Tensor, ""]:
    """The mean entropy of the points' laws over codes, in nats: bits are independent, so theirs
    add up.
    """
    return (functional.softplus(logits) - logits * logits.sigmoid()).sum(1).mean()


def entropy_of_mean(logits: Float[Tensor, "points bits"]) -> Float[Tensor, ""]:
    """The entropy of the mean of the points' laws over all 2^bits codes, in nats.

    The mean is exact: each law is the outer product of its laws over two halves of the bits, so
    their mean is one matrix product, and no tensor is larger than points × 2^⌈bits/2⌉ or 2^bits.
    """
    low, high = (_law(half) for half in logits.tensor_split(2, dim=1))
    with torch.autocast(logits.device.type, enabled=False):  # a law adds up to 1
        return entropy(low.T @ high / len(logits))


def _law(logits: Float[Tensor, "points bits"]) -> Float[Tensor, "points codes"]:
    """The law of each point over all codes of these bits; of no bits there is one code."""
    law = logits.new_ones(len(logits), 1)
    for bit in logits.unbind(1):
        pair = torch.stack([bit, -bit], dim=1).sigmoid()
        law = (law[:, :, None] * pair[:, None, :]).flatten(1)
    return law


def lfq(
    image_shape: ImageShape,
    bits: int = 9,
    entropy: float = 0.1,
    diversity: float = 1.0,
    commitment: float = 0.25,
    temperature: float = 1.0,
    width: int = 128,
    halvings: int = 2,
    likelihood: Likelihood = "mse",
) -> BottleneckAutoencoder:
    """LFQ: a code is the signs of a site's channels, and no codebook is learned.

    ``L = R(x, D(c)) + β ‖z − sg c‖² + λ (E H(q(c | z)) − γ H(E q(c | z)))``, ``c = sign z``,
    ``q(c | z) ∝ exp(−‖z − c‖²/τ)`` over all 2^bits codes; expectations are over the sites of a
    batch. The first norm is a mean over sites and channels, the entropies are in nats a site. The
    paper gives no temperature, and adds an adversary and a perceptual term, left out here.

    Args:
        image_shape: channels, height, width.
        bits: channels of a site; there are 2^bits codes.
        entropy: λ, the weight of the entropies.
        diversity: γ, what the entropy of the mean law counts beside that of each site's.
        commitment: β, how strongly sites are drawn to their codes.
        temperature: τ, how wide the law of a site is.
        width: channels of the widest layers.
        halvings: how often the image is halved on its way to the sites.
        likelihood: what the reconstruction error is.

    Raises:
        ValueError: a number is out of its range.

    Reference: Language Model Beats Diffusion: Tokenizer is Key to Visual Generation (Yu et al.,
    2023), arXiv:2310.05737
    """
    quantiser = SignQuantiser(bits, entropy, diversity, commitment, temperature)
    return BottleneckAutoencoder(image_shape, quantiser, width, halvings, likelihood)
