"""What a network must do to be a law of codes."""

from abc import ABC, abstractmethod

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from samplebench_codes.codes import Codes

Logits = Float[Tensor, "samples sites _"]
"""One depth's logits at each site; each depth has codes of its own number."""


class Steps(ABC):
    """The way through a batch of sequences, place by place, in order."""

    @abstractmethod
    def logits(self, codes: Codes, site: int, depth: int) -> Float[Tensor, "samples choices"]:
        """The logits of the code at this place, from those before it in ``codes``."""


class CodeNetwork(nn.Module, ABC):
    """Logits of each code given those before it: sites in raster order, at a site by depth."""

    @property
    @abstractmethod
    def numbers(self) -> int:
        """About how many numbers one sample needs in memory at once, without gradients."""

    @abstractmethod
    def forward(self, codes: Codes) -> list[Logits]:
        """The logits of every code, one tensor a depth."""

    @abstractmethod
    def steps(self, count: int) -> Steps:
        """A way through ``count`` sequences that computes nothing twice."""

    @abstractmethod
    def logits_again(
        self, codes: Codes, site: int, depth: int
    ) -> Float[Tensor, "samples choices"]:
        """What ``steps`` would say here, computed anew from all codes before."""


class Recomputed(Steps):
    """The slow way, for comparison: everything anew at each place."""

    def __init__(self, network: CodeNetwork) -> None:
        self.network = network

    def logits(self, codes: Codes, site: int, depth: int) -> Float[Tensor, "samples choices"]:
        return self.network.logits_again(codes, site, depth)


def nats_a_code(network: CodeNetwork, codes: Codes) -> Float[Tensor, ""]:
    """The mean negative log-likelihood of the codes."""
    total = torch.stack(
        [
            functional.cross_entropy(logits.flatten(0, 1), column.flatten(), reduction="sum")
            for logits, column in zip(network(codes), codes.unbind(2), strict=True)
        ]
    ).sum()
    return total / codes.numel()
