"""Counts of codes that followed codes, in memory that grows with the pairs that occurred."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn import functional

from samplebench_codes.drawing import draw_uniform


@dataclass(frozen=True, kw_only=True)
class Transitions:
    """``P(c | b) = (N(b → c) + a p(c)) / (N(b) + a)`` from the counts N of pairs that occurred.

    A pair is the key ``b · choices + c``. In ascending order, all that followed one code is one
    run of keys, in which running counts find what to draw.
    """

    keys: Int64[Tensor, " pairs"]  # ascending, each once
    counts: Int64[Tensor, " pairs"]
    choices: int  # of c
    choices_before: int  # of b

    @classmethod
    def of(
        cls,
        *,
        before: Int64[Tensor, "*any"],
        codes: Int64[Tensor, "*any"],
        choices: int,
        choices_before: int,
    ) -> "Transitions":
        """Count the transitions from ``before`` to ``codes``, position by position."""
        keys, counts = torch.unique(before * choices + codes, return_counts=True)
        return cls(keys=keys, counts=counts, choices=choices, choices_before=choices_before)

    def probabilities(
        self,
        *,
        before: Int64[Tensor, "*any"],
        codes: Int64[Tensor, "*any"],
        otherwise: Float[Tensor, "*any"],
        backoff: float,
    ) -> Float[Tensor, "*any"]:
        """Compute P(c | b) of each code, where ``otherwise`` is p(c) and ``backoff`` is a."""
        keys = before * self.choices + codes
        found = torch.searchsorted(self.keys, keys).clamp_max_(len(self.keys) - 1)
        counted = torch.where(self.keys[found] == keys, self.counts[found], 0)
        return (counted + backoff * otherwise) / (self.count_followers(before) + backoff)

    def draw(
        self,
        *,
        before: Int64[Tensor, " count"],
        otherwise: Int64[Tensor, " count"],
        backoff: float,
    ) -> Int64[Tensor, " count"]:
        """Draw codes by P(c | b), where ``otherwise`` are drawn by p and ``backoff`` is a."""
        followers = self.count_followers(before)
        places = draw_uniform(2, len(before), device=before.device)
        # A whole number of pairs into its run keeps a draw in the run, whatever the counts.
        into = self._starts[before] + (places[0] * followers).long()
        found = torch.searchsorted(self._ends, into, right=True).clamp_max_(len(self.keys) - 1)
        seen = places[1] * (followers + backoff) < followers
        return torch.where(seen, self.keys[found] % self.choices, otherwise)

    def count_followers(self, before: Int64[Tensor, "*any"]) -> Int64[Tensor, "*any"]:
        """Look up N(b), the number of codes that followed each."""
        return self._starts[before + 1] - self._starts[before]

    def state(self) -> Mapping[str, Tensor]:
        """The two tensors, to which restoring adds the two sizes."""
        return {"keys": self.keys, "counts": self.counts}

    @cached_property
    def _ends(self) -> Int64[Tensor, " pairs"]:
        """The number of pairs counted up to and including each key."""
        return self.counts.cumsum(0)

    @cached_property
    def _starts(self) -> Int64[Tensor, " choices_and_one"]:
        """The number of pairs counted before the run of each b, and at last of all pairs."""
        codes = torch.arange(self.choices_before + 1, device=self.keys.device)
        runs = torch.searchsorted(self.keys, codes * self.choices)
        return functional.pad(self._ends, (1, 0))[runs]
