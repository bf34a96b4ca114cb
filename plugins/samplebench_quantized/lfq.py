"""Lookup-free quantisation: a code is the signs of its channels."""

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from samplebench import Discrete, Latents, Shape
from samplebench.networks import (
    Bottleneck,
    BottleneckAutoencoder,
    Coded,
    Likelihood,
    Sites,
)
from samplebench_quantized.entropy import entropy
from samplebench_quantized.straight_through import straight_through

_MOST_BITS = 24  # the mean distribution over all codes is one tensor


class SignQuantiser(Bottleneck):
    """Each channel becomes its sign; the codes are the corners of a cube.

    ``q(c | z) ∝ exp(−‖z − c‖²/τ)`` over the corners c of the cube is a product of Bernoulli
    distributions, one a bit, with logits ``4 z_b/τ``.

    Args:
        bits: channels, and bits of a code.
        entropy: the weight of ``E H(q(c | z)) − γ H(E q(c | z))``, in nats a site.
        diversity: γ, the relative weight of the entropy of the mean distribution.
        commitment: the weight of ``‖z − sg c‖²``.
        temperature: τ.

    Raises:
        ValueError: a number is out of its range.
    """

    places: Tensor

    def __init__(
        self,
        bits: int,
        *,
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
        entropies = entropy_of_each(logits) - self.diversity * entropy_of_mean(logits)
        terms = {
            "commitment": self.commitment * functional.mse_loss(sites, signs),
            "entropy": self.entropy * entropies,
        }
        return straight_through(sites, signs), terms


def entropy_of_each(logits: Float[Tensor, "points bits"]) -> Float[Tensor, ""]:
    """Compute the mean entropy of each point's distribution over codes, in nats.

    Bits are independent, so their entropies add up.
    """
    return (functional.softplus(logits) - logits * logits.sigmoid()).sum(1).mean()


def entropy_of_mean(logits: Float[Tensor, "points bits"]) -> Float[Tensor, ""]:
    """Compute the entropy of the points' mean distribution over all 2^bits codes, in nats.

    The mean is exact: each distribution is the outer product of those over two halves of the bits,
    so their mean is one matrix product, and no tensor is larger than points × 2^⌈bits/2⌉ or
    2^bits.
    """
    low, high = (_probabilities(half) for half in logits.tensor_split(2, dim=1))
    with torch.autocast(logits.device.type, enabled=False):  # probabilities add up to 1
        return entropy(low.T @ high / len(logits))


def _probabilities(logits: Float[Tensor, "points bits"]) -> Float[Tensor, "points codes"]:
    """Compute each point's distribution over all codes of these bits; no bits have one code."""
    probabilities = logits.new_ones(len(logits), 1)
    for bit in logits.unbind(1):
        pair = torch.stack([bit, -bit], dim=1).sigmoid()
        probabilities = (probabilities[:, :, None] * pair[:, None, :]).flatten(1)
    return probabilities


def lfq(
    shape: Shape,
    bits: int = 9,
    entropy: float = 0.1,
    diversity: float = 1.0,
    commitment: float = 0.25,
    temperature: float = 1.0,
    width: int = 128,
    halvings: int = 2,
    likelihood: Likelihood = "mse",
) -> BottleneckAutoencoder:
    """LFQ: a code is the signs of a site's channels; no codebook is learned.

    ``L = R(x, D(c)) + β ‖z − sg c‖² + λ (E H(q(c | z)) − γ H(E q(c | z)))``, ``c = sign z``,
    ``q(c | z) ∝ exp(−‖z − c‖²/τ)`` over all 2^bits codes; expectations are over the sites of a
    batch. The first norm is a mean over sites and channels, the entropies are in nats a site. The
    paper gives no temperature, and adds an adversary and a perceptual term, left out here.

    Args:
        shape: channels, height, width.
        bits: channels of a site; there are 2^bits codes.
        entropy: λ, the weight of the entropies.
        diversity: γ, the relative weight of the entropy of the mean distribution.
        commitment: β, the weight of the term that draws sites to their codes.
        temperature: τ, the width of the distribution of a site.
        width: channels of the widest layers.
        halvings: downsamplings by a factor of 2 between the image and the sites.
        likelihood: the likelihood behind the reconstruction error.

    Raises:
        ValueError: a number is out of its range.

    Reference: Language Model Beats Diffusion: Tokenizer is Key to Visual Generation (Yu et al.,
    2023), arXiv:2310.05737
    """
    quantiser = SignQuantiser(
        bits,
        entropy=entropy,
        diversity=diversity,
        commitment=commitment,
        temperature=temperature,
    )
    return BottleneckAutoencoder(
        shape, quantiser, width=width, halvings=halvings, likelihood=likelihood
    )
