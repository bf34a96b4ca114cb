"""Quantisation by a codebook: every site becomes its nearest codeword."""

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from samplebench import Discrete, Latents
from samplebench.networks import Bottleneck, Coded, Sites
from samplebench_quantized.kmeans import k_means
from samplebench_quantized.nearest import Codes, Points, count_and_sum, find_nearest
from samplebench_quantized.straight_through import straight_through

Update = Literal["ema", "gradient"]
Start = Literal["k-means", "normal"]


class VectorQuantiser(Bottleneck):
    """A codebook of ``codes`` codewords; the gradient passes straight through.

    Codewords follow the sites by moving averages of the number n of a batch's sites with each code
    and of the sum m of those sites, with Laplace smoothing of the numbers (N is their total):

    ``N_k ← γ N_k + (1−γ) n_k``, ``M_k ← γ M_k + (1−γ) m_k``,
    ``e_k = M_k / ((N_k + ε) / (N + K ε) · N)``,

    or by the gradient of ``‖sg z − e‖²``. The averages start as if each codeword had one site,
    equal to itself, or twice as many as keep it from being replaced.

    Args:
        codes: K, the number of codewords.
        channels: reals in a codeword.
        update: the rule that moves the codewords.
        decay: γ, the share that a moving average keeps at a step.
        epsilon: ε, the smoothing.
        commitment: the weight of ``‖z − sg e‖²``, which draws sites to their codewords.
        start: k-means on the first sites, or draws from the standard normal distribution.
        replace_dead: a code with fewer sites a batch than this, as a moving average, moves to a
            site of the batch drawn at random, and gets the average count; 0 for never.

    Raises:
        ValueError: a number is out of its range.
    """

    codebook: Tensor
    counts: Tensor
    sums: Tensor

    def __init__(
        self,
        *,
        codes: int,
        channels: int,
        update: Update = "ema",
        decay: float = 0.99,
        epsilon: float = 1e-5,
        commitment: float = 0.25,
        start: Start = "k-means",
        replace_dead: float = 0.0,
    ) -> None:
        super().__init__()
        if codes < 1 or channels < 1:
            raise ValueError(f"codes and channels are at least 1, not {codes} and {channels}")
        if not 0 <= decay < 1:
            raise ValueError(f"decay lies in [0, 1), not at {decay}")
        if not epsilon > 0:
            raise ValueError(f"epsilon is above 0, not {epsilon}")
        if min(commitment, replace_dead) < 0:
            raise ValueError("commitment and replace_dead are not negative")
        self.codes, self.channels, self.update = codes, channels, update
        self.decay, self.epsilon, self.commitment = decay, epsilon, commitment
        self.start, self.replace_dead = start, replace_dead
        codewords = torch.randn(codes, channels)
        if update == "gradient":
            self.codebook = nn.Parameter(codewords)
        else:
            self.register_buffer("codebook", codewords)
        self.register_buffer("counts", torch.empty(codes))
        self.register_buffer("sums", torch.empty(codes, channels))
        self._start_averages()

    def space(self, grid: tuple[int, ...]) -> Discrete:
        return Discrete((self.codes,), grid)

    def encode(self, sites: Sites) -> Coded:
        codes = find_nearest(self._points(sites), self.codebook)
        return Coded(codes=codes.view(*sites.shape[:2], 1))

    def decode(self, latents: Latents) -> Sites:
        return self.codewords(latents.codes.flatten(1))

    def codewords(self, codes: Tensor) -> Tensor:
        """Look up the codewords of codes of any shape, (…, channels)."""
        return functional.embedding(codes, self.codebook)

    def forward(self, sites: Sites) -> tuple[Sites, Mapping[str, Tensor]]:
        sites = sites.to(self.codebook)
        points = self._points(sites)
        if self.training and self.replace_dead > 0:
            self.replace_dead_codes(points)
        codes = find_nearest(points, self.codebook)
        quantised = self.codewords(codes.view(sites.shape[:2]))
        terms = {"commitment": self.commitment * functional.mse_loss(sites, quantised.detach())}
        if self.update == "gradient":
            terms["codebook"] = functional.mse_loss(quantised, sites.detach())
        if self.training:
            self._follow(points, codes)
        return straight_through(sites, quantised), terms

    @torch.no_grad()
    def begin(self, sites: Sites) -> None:
        if self.start == "k-means":
            self.codebook.copy_(k_means(self._points(sites), self.codes))
        self._start_averages()

    @torch.no_grad()
    def _start_averages(self) -> None:
        self.counts.fill_(max(1.0, 2 * self.replace_dead))
        self.sums.copy_(self.counts[:, None] * self.codebook)

    def _points(self, sites: Sites) -> Points:
        return sites.detach().to(self.codebook).flatten(0, 1)

    @torch.no_grad()
    def replace_dead_codes(self, points: Points) -> None:
        """Move the codewords of dead codes to random points."""
        drawn = torch.randint(len(points), (self.codes,), device=points.device)
        dead = self.counts < self.replace_dead
        mean = self.counts.mean()
        # Chosen by masks: a test whether any is dead would make a GPU wait.
        self.codebook.copy_(torch.where(dead[:, None], points[drawn], self.codebook))
        self.sums.copy_(torch.where(dead[:, None], mean * points[drawn], self.sums))
        self.counts.copy_(torch.where(dead, mean, self.counts))

    @torch.no_grad()
    def _follow(self, points: Points, codes: Codes) -> None:
        """Update the averages, and with them the codewords where no gradient moves them."""
        counts, sums = count_and_sum(points, codes, self.codes)
        self.counts.lerp_(counts, 1 - self.decay)
        self.sums.lerp_(sums, 1 - self.decay)
        if self.update == "ema":
            total = self.counts.sum()
            share = (self.counts + self.epsilon) / (total + self.codes * self.epsilon)
            self.codebook.copy_(self.sums / (share * total)[:, None])
