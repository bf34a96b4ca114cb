"""Stochastic quantisation."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from samplebench import Discrete, Latents, Shape
from samplebench.networks import (
    Bottleneck,
    BottleneckAutoencoder,
    Coded,
    Likelihood,
    Sites,
)
from samplebench_quantized.kmeans import k_means
from samplebench_quantized.nearest import find_nearest
from samplebench_quantized.proxies import Proxies
from samplebench_quantized.relaxed_assignment import assign_softly


class StochasticQuantiser(Bottleneck):
    """A codebook from which codewords are drawn, near ones likelier; the variance is learned.

    Args:
        codes: K, the number of codewords.
        channels: reals in a codeword.
        pixels: pixel values of an image, over which the terms are spread.
        variance: s² at the start.
        temperature: the temperature of the Gumbel-softmax at the first step.
        final_temperature: the temperature at the last step; it falls by the same factor each step.

    Raises:
        ValueError: a number is out of its range.
    """

    heat: Tensor

    def __init__(
        self,
        *,
        codes: int,
        channels: int,
        pixels: int,
        variance: float,
        temperature: float,
        final_temperature: float,
    ) -> None:
        super().__init__()
        if codes < 1 or channels < 1:
            raise ValueError(f"codes and channels are at least 1, not {codes} and {channels}")
        if not min(variance, temperature, final_temperature) > 0:
            raise ValueError("the variance and the temperatures are positive")
        self.codes, self.channels, self.pixels = codes, channels, pixels
        self.temperature, self.final_temperature = temperature, final_temperature
        self.codebook = nn.Parameter(torch.randn(codes, channels))
        self.proxies = Proxies(channels)
        self.log_variance = nn.Parameter(torch.tensor(math.log(variance)))
        self.register_buffer("heat", torch.tensor(float(temperature)), persistent=False)

    def space(self, grid: tuple[int, ...]) -> Discrete:
        return Discrete((self.codes,), grid)

    def encode(self, sites: Sites) -> Coded:
        codes = find_nearest(self.proxies(sites), self.codebook)
        return Coded(codes=codes.view(*sites.shape[:2], 1))

    def decode(self, latents: Latents) -> Sites:
        return functional.embedding(latents.codes.flatten(1), self.codebook)

    def forward(self, sites: Sites) -> tuple[Sites, Mapping[str, Tensor]]:
        points = self.proxies(sites)
        precision = (-self.log_variance).exp() / 2
        sums = assign_softly(points, self.codebook, scale=precision, temperature=self.heat)
        sites_a_pixel = sites.shape[1] / self.pixels
        gap = (points - sums.mixed).square().sum(1)
        terms = {
            "gap": sites_a_pixel * precision * gap.mean(),
            "entropy": -sites_a_pixel * sums.entropy.mean(),
        }
        return sums.mixed.view(sites.shape), terms

    @torch.no_grad()
    def begin(self, sites: Sites) -> None:
        self.proxies.begin(sites)
        self.codebook.copy_(k_means(self.proxies(sites), self.codes))

    def before_step(self, done: float) -> None:
        self.heat.fill_(self.temperature ** (1 - done) * self.final_temperature**done)


def sq_vae(
    shape: Shape,
    codes: int = 512,
    channels: int = 64,
    variance: float = 1.0,
    temperature: float = 0.5,
    final_temperature: float = 0.3,
    width: int = 128,
    halvings: int = 2,
    likelihood: Likelihood = "gaussian",
) -> BottleneckAutoencoder:
    """SQ-VAE: codewords are drawn around the sites, with a variance that is learned.

    ``L = R(x, D(z_q)) + ‖ẑ − z_q‖² / 2s² − H(q)`` with
    ``q(c | x) = softmax_c(−‖ẑ − e_c‖² / 2s²)`` at every site and ``z_q = Σ y_c e_c``, y the
    Gumbel-softmax weights of q, hard at test time. H is the entropy of each site's q; all terms
    are summed over sites and divided by the pixel values. R is ``D/2 log MSE``, the Gaussian of
    the best variance. As s² shrinks, assignments turn from soft to hard by themselves.

    The paper's s² starts at 10 or 20 and its codebook at random, on sites of an encoder with batch
    normalisation; here sites are standardised, the codebook starts from k-means on them, and s² at
    1. The paper's temperature falls with the number of steps, here with the share of training.
    These three settings are the best found on training images of MNIST.

    Args:
        shape: channels, height, width.
        codes: K, codewords in the codebook.
        channels: reals in a codeword.
        variance: s² at the start.
        temperature: the temperature of the Gumbel-softmax at the first step.
        final_temperature: the temperature at the last step; it falls by the same factor each step.
        width: channels of the widest layers.
        halvings: downsamplings by a factor of 2 between the image and the sites.
        likelihood: the likelihood behind the reconstruction error.

    Raises:
        ValueError: a number is out of its range.

    Reference: SQ-VAE: Variational Bayes on Discrete Representation with Self-annealed Stochastic
    Quantization (Takida et al., 2022), arXiv:2205.07547
    """
    quantiser = StochasticQuantiser(
        codes=codes,
        channels=channels,
        pixels=math.prod(shape),
        variance=variance,
        temperature=temperature,
        final_temperature=final_temperature,
    )
    return BottleneckAutoencoder(
        shape, quantiser, width=width, halvings=halvings, likelihood=likelihood
    )
