"""Residual vector quantisation: several codewords a site, each for the residual of the last."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from samplebench import Discrete, Latents, Shape
from samplebench.networks import (
    Bottleneck,
    BottleneckAutoencoder,
    Coded,
    Likelihood,
    Sites,
)
from samplebench_quantized.straight_through import straight_through
from samplebench_quantized.vector_quantiser import Start, Update, VectorQuantiser


class ResidualQuantiser(Bottleneck):
    """A chain of quantisers: a site is the sum of their codewords.

    Args:
        quantisers: one for each depth, all with the same channels.

    Raises:
        ValueError: there is no quantiser, or they differ in channels.
    """

    def __init__(self, *quantisers: VectorQuantiser) -> None:
        super().__init__()
        if len({quantiser.channels for quantiser in quantisers}) != 1:
            raise ValueError("residual quantisation needs quantisers, all of the same channels")
        self.channels = quantisers[0].channels
        self.quantisers = nn.ModuleList(quantisers)

    def space(self, grid: tuple[int, ...]) -> Discrete:
        return Discrete(tuple(quantiser.codes for quantiser in self._chain), grid)

    def encode(self, sites: Sites) -> Coded:
        codes, residual = [], sites
        for quantiser in self._chain:
            found = quantiser.encode(residual).codes
            assert found is not None
            codes.append(found)  # (images, positions, 1)
            residual = residual - quantiser.codewords(found[..., 0])
        return Coded(codes=torch.cat(codes, dim=-1))

    def decode(self, latents: Latents) -> Sites:
        codes = latents.codes.flatten(1, -2)  # (images, positions, depth)
        pairs = zip(self._chain, codes.unbind(-1), strict=True)
        return torch.stack([quantiser.codewords(column) for quantiser, column in pairs]).sum(0)

    def forward(self, sites: Sites) -> tuple[Sites, Mapping[str, Tensor]]:
        residual, found = sites, []
        for quantiser in self._chain:
            quantised, terms = quantiser(residual)
            # Keeps the gradient of the site: the next commitment is to the sum so far.
            residual = residual - quantised.detach()
            found.append(terms)
        total = {name: torch.stack([terms[name] for terms in found]).sum() for name in found[0]}
        return straight_through(sites, sites - residual), total

    def begin(self, sites: Sites) -> None:
        for quantiser in self._chain:
            quantiser.begin(sites)
            codes = quantiser.encode(sites).codes
            assert codes is not None
            sites = sites - quantiser.codewords(codes[..., 0])

    @property
    def _chain(self) -> list[VectorQuantiser]:
        return [module for module in self.quantisers if isinstance(module, VectorQuantiser)]


def residual_vq(
    shape: Shape,
    depth: int = 4,
    codes: int = 512,
    channels: int = 64,
    update: Update = "ema",
    decay: float = 0.99,
    epsilon: float = 1e-5,
    commitment: float = 0.25,
    start: Start = "k-means",
    replace_dead: float = 0.0,
    width: int = 128,
    halvings: int = 2,
    likelihood: Likelihood = "mse",
) -> BottleneckAutoencoder:
    """Residual VQ: a site is a sum of codewords, each the nearest to the residual of the others.

    ``r_0 = z``, ``e_d = argmin_{e ∈ C_d} ‖r_{d−1} − e‖``, ``r_d = r_{d−1} − e_d``,
    ``L = R(x, D(Σ_d e_d)) + β Σ_d ‖z − sg Σ_{i≤d} e_i‖²``, and ``+ Σ_d ‖sg r_{d−1} − e_d‖²``
    where gradients move the codebooks. Norms are means over sites and channels. The paper shares
    one codebook among all depths and has an adversary and a perceptual term; here every depth has
    its own codebook, as in SoundStream (Zeghidour et al., 2021, arXiv:2107.03312), and the loss
    is VQ-VAE's.

    Args:
        shape: channels, height, width.
        depth: the number of codewords that are added up at a site.
        codes: codewords in each codebook.
        channels: reals in a codeword.
        update: the rule by which codebooks move: moving averages of residuals, or the gradient.
        decay: the share that the moving averages keep at a step.
        epsilon: the Laplace smoothing of the moving averages.
        commitment: β, the weight of the term that draws sites to the sums of their codewords.
        start: codebooks start from k-means on the first residuals, or from normal draws.
        replace_dead: a code with fewer sites a batch than this moves to a random one; 0
            replaces none.
        width: channels of the widest layers.
        halvings: downsamplings by a factor of 2 between the image and the sites.
        likelihood: the likelihood behind the reconstruction error.

    Raises:
        ValueError: the depth is not positive.

    Reference: Autoregressive Image Generation using Residual Quantization (Lee et al., 2022),
    arXiv:2203.01941
    """
    if depth < 1:
        raise ValueError(f"depth is at least 1, not {depth}")
    quantisers = (
        VectorQuantiser(
            codes=codes,
            channels=channels,
            update=update,
            decay=decay,
            epsilon=epsilon,
            commitment=commitment,
            start=start,
            replace_dead=replace_dead,
        )
        for _ in range(depth)
    )
    return BottleneckAutoencoder(
        shape,
        ResidualQuantiser(*quantisers),
        width=width,
        halvings=halvings,
        likelihood=likelihood,
    )
