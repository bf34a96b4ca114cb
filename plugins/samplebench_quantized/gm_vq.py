"""Quantisation by a mixture of Gaussians."""

import math
from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from samplebench import Latents, Mixture, Shape
from samplebench.networks import (
    Bottleneck,
    BottleneckAutoencoder,
    Coded,
    Likelihood,
    Sites,
)
from samplebench_quantized.entropy import entropy
from samplebench_quantized.kmeans import k_means
from samplebench_quantized.nearest import find_nearest
from samplebench_quantized.proxies import Proxies
from samplebench_quantized.relaxed_assignment import assign_softly

Encoding = Literal["codeword", "proxy"]

_LEAST_VARIANCE = 1e-12  # the slope of a standard deviation is infinite at zero


class GaussianMixtureBottleneck(Bottleneck):
    """A mixture whose means are the codebook; sites become noisy soft mixtures in training, then
    single means.

    Args:
        components: K, the number of Gaussians.
        channels: D, reals at a site.
        pixels: pixel values of an image, over which the terms are spread.
        gamma: γ, the weight of ``E_q ‖ẑ − μ_c‖²``.
        entropy: β, the weight of ``log K − H(q^B)``.
        sigma: σ; distances are weighted by ``1/(2σ²)``.
        temperature: the temperature of the Gumbel-softmax at the first step.
        final_temperature: the temperature at the last step; it falls by the same factor each step.
        encoding: the values of a latent: its codeword, or the proxy ẑ, which is not quantised.

    Raises:
        ValueError: a number is out of its range.
    """

    heat: Tensor
    scale: Tensor

    def __init__(
        self,
        *,
        components: int,
        channels: int,
        pixels: int,
        gamma: float,
        entropy: float,
        sigma: float,
        temperature: float,
        final_temperature: float,
        encoding: Encoding,
    ) -> None:
        super().__init__()
        if components < 1 or channels < 1:
            raise ValueError(
                f"components and channels are at least 1, not {components} and {channels}"
            )
        if min(gamma, entropy) < 0:
            raise ValueError(f"gamma and entropy are not negative, as {gamma} or {entropy} is")
        if not min(sigma, temperature, final_temperature) > 0:
            raise ValueError("sigma and the temperatures are positive")
        self.components, self.channels, self.pixels = components, channels, pixels
        self.gamma, self.entropy, self.encoding = gamma, entropy, encoding
        self.temperature, self.final_temperature = temperature, final_temperature
        self.means = nn.Parameter(torch.randn(components, channels))
        self.proxies = Proxies(channels)
        self.register_buffer("heat", torch.tensor(float(temperature)), persistent=False)
        self.register_buffer("scale", torch.tensor(1 / (2 * sigma**2)), persistent=False)

    def space(self, grid: tuple[int, ...]) -> Mixture:
        return Mixture(self.components, self.channels, grid)

    def encode(self, sites: Sites) -> Coded:
        proxies = self.proxies(sites)
        codes = find_nearest(proxies, self.means).view(sites.shape[:2])
        quantised = functional.embedding(codes, self.means)
        values = quantised if self.encoding == "codeword" else proxies.view(sites.shape)
        return Coded(values=values, codes=codes[..., None])

    def decode(self, latents: Latents) -> Sites:
        return latents.values.flatten(1, -2)

    def forward(self, sites: Sites) -> tuple[Sites, Mapping[str, Tensor]]:
        points = self.proxies(sites)
        sums = assign_softly(points, self.means, scale=self.scale, temperature=self.heat)
        variance = self.scale * sums.mixed_distance / self.channels + _LEAST_VARIANCE
        noisy = sums.mixed + variance.sqrt()[:, None] * torch.randn_like(points)
        sites_a_pixel = sites.shape[1] / self.pixels
        divergence = math.log(self.components) - entropy(sums.shares)
        terms = {
            "latent": self.gamma * sites_a_pixel * sums.distance.mean(),
            "divergence": self.entropy * sites_a_pixel * divergence,
        }
        return noisy.view(sites.shape), terms

    @torch.no_grad()
    def begin(self, sites: Sites) -> None:
        self.proxies.begin(sites)
        self.means.copy_(k_means(self.proxies(sites), self.components))

    def before_step(self, done: float) -> None:
        self.heat.fill_(self.temperature ** (1 - done) * self.final_temperature**done)


def gm_vq(
    shape: Shape,
    components: int = 512,
    channels: int = 64,
    gamma: float = 0.01,
    entropy: float = 1.0,
    sigma: float = 1.0,
    temperature: float = 2.0,
    final_temperature: float = 0.5,
    encoding: Encoding = "codeword",
    width: int = 128,
    halvings: int = 2,
    likelihood: Likelihood = "mse",
) -> BottleneckAutoencoder:
    """GM-VQ: in training the decoder sees noisy mixtures of codewords, at test time one codeword.

    ``L = R(x, D(z)) + γ E_q ‖ẑ − μ_c‖² + β (log K − H(q^B))`` for the proxy ẑ of every site, with
    ``q(c | x) = softmax_c(−‖ẑ − μ_c‖² / 2σ²)``, ``q^B`` the mean of q over the sites of a batch,
    and ``z = Σ y_c μ_c + ε √(Σ y_c ‖ẑ − μ_c‖² / (2σ² D))`` with Gumbel-softmax weights y and
    ``ε ~ N(0, I)``. The last term is KL(q^B ‖ uniform): β = 1 is GM-VQ, β > 1 is what the paper
    calls GM-VQ + Entropy. All terms are summed over sites and divided by the pixel values.

    The paper calls the objective ALBO, a lower bound; it is a bound only where a differential
    entropy is not negative, which trained encoders violate, so here it is just an objective. The
    text of the paper was not available. Taken from secondary sources: the model, the three terms,
    the variance, k-means at the start, deterministic decoding at test time. Reconstructed: q
    weights distances by the same σ, the latent term is under q and not y, and hard codewords are
    decoded at test time. Not known: γ, σ, β > 1, the temperatures; the defaults are the best found
    on training images of MNIST. Distances have learned feature weights, as is reported of the
    paper; that these start from the std of the first sites is ours, and without it training
    collapses.

    Args:
        shape: channels, height, width.
        components: K, the number of Gaussians, whose means are the codewords.
        channels: D, reals in a codeword.
        gamma: γ, the weight of the term that draws sites and codewords to each other.
        entropy: β, the weight of the term that asks codes to be used equally.
        sigma: σ, the distance at which codewords are distinguished.
        temperature: the temperature of the Gumbel-softmax at the first step.
        final_temperature: the temperature at the last step; it falls by the same factor each step.
        encoding: the values of a latent: its codeword, or the proxy, which is not quantised and
            counts as reals in the rate.
        width: channels of the widest layers.
        halvings: downsamplings by a factor of 2 between the image and the sites.
        likelihood: the likelihood behind the reconstruction error.

    Raises:
        ValueError: a number is out of its range.

    Reference: Gaussian Mixture Vector Quantization with Aggregated Categorical Posterior (Yan et
    al., 2024), arXiv:2410.10180
    """
    bottleneck = GaussianMixtureBottleneck(
        components=components,
        channels=channels,
        pixels=math.prod(shape),
        gamma=gamma,
        entropy=entropy,
        sigma=sigma,
        temperature=temperature,
        final_temperature=final_temperature,
        encoding=encoding,
    )
    return BottleneckAutoencoder(
        shape, bottleneck, width=width, halvings=halvings, likelihood=likelihood
    )
