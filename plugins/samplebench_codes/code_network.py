"""The interface of networks that predict each code from those before it."""

from abc import ABC, abstractmethod

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from samplebench_codes.codes import Codes

Logits = Float[Tensor, "samples sites _"]
"""One depth's logits at each site; each depth has a codebook of its own size."""


class Steps(ABC):
    """A pass through a batch of sequences, place by place, in order."""

    @abstractmethod
    def logits(self, codes: Codes, *, site: int, depth: int) -> Float[Tensor, "samples choices"]:
        """Compute the logits of the code at this place, from those before it in ``codes``."""


class CodeNetwork(nn.Module, ABC):
    """Logits of each code given those before it: sites in raster order, at a site by depth."""

    @property
    @abstractmethod
    def numbers_a_sample(self) -> int:
        """The approximate count of numbers that one sample holds in memory, without gradients."""

    @abstractmethod
    def forward(self, codes: Codes) -> list[Logits]:
        """Compute the logits of every code, one tensor a depth."""

    @abstractmethod
    def step_through(self, count: int) -> Steps:
        """Start a pass through ``count`` sequences that computes nothing twice."""

    @abstractmethod
    def recompute_logits(
        self, codes: Codes, *, site: int, depth: int
    ) -> Float[Tensor, "samples choices"]:
        """Compute the logits of ``step_through`` at this place anew, from all codes before it."""


class RecomputedSteps(Steps):
    """The slow pass, for comparison: it computes everything anew at each place."""

    def __init__(self, network: CodeNetwork) -> None:
        self.network = network

    def logits(self, codes: Codes, *, site: int, depth: int) -> Float[Tensor, "samples choices"]:
        return self.network.recompute_logits(codes, site=site, depth=depth)


def mean_nats(network: CodeNetwork, codes: Codes) -> Float[Tensor, ""]:
    """Compute the mean negative log-likelihood of the codes, in nats a code."""
    total = torch.stack(
        [
            functional.cross_entropy(logits.flatten(0, 1), column.flatten(), reduction="sum")
            for logits, column in zip(network(codes), codes.unbind(2), strict=True)
        ]
    ).sum()
    return total / codes.numel()
