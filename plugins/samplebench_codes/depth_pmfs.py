"""Probability mass functions of the sites at one depth, in memory that grows with the pairs of a
site and a code that occur, and not with the codes that are possible.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from samplebench_codes.drawing import draw_uniform
from samplebench_codes.ranking import Labels, rank

Column = Int64[Tensor, "samples sites"]


@dataclass(frozen=True, kw_only=True, eq=False)
class DepthPMFs:
    """``p(c) = (N(c) + s / K) / (n + s)`` at each of the ``sites``, for K = ``choices`` codes.

    ``labels`` are the codes that occur at any site, and ``keys`` the pairs that do, as
    ``site · labels + rank of the code``; both ascend. ``counts`` are N of each pair.
    """

    labels: Labels
    keys: Int64[Tensor, " pairs"]
    counts: Int64[Tensor, " pairs"]
    sites: int
    choices: int
    smoothing: float

    @classmethod
    def of(cls, column: Column, choices: int, smoothing: float) -> "DepthPMFs":
        """Estimate the PMFs of these codes."""
        sites = column.shape[1]
        labels, ranks = torch.unique(column, return_inverse=True)
        pairs = ranks + len(labels) * torch.arange(sites, device=column.device)
        keys, counts = torch.unique(pairs, return_counts=True)
        return cls(
            labels=labels,
            keys=keys,
            counts=counts,
            sites=sites,
            choices=choices,
            smoothing=smoothing,
        )

    def state(self) -> Mapping[str, Tensor]:
        """The three tensors, to which restoring adds the numbers."""
        return {"labels": self.labels, "keys": self.keys, "counts": self.counts}

    def probabilities(self, column: Column) -> Float[Tensor, "samples sites"]:
        """Look up the probability of each code at its site."""
        ranks, known = rank(self.labels, column)
        sites = torch.arange(self.sites, device=column.device)
        pair, seen = rank(self.keys, ranks + len(self.labels) * sites)
        counts = torch.where(known & seen, self.counts[pair], 0)
        return (counts.double() + self._share) / self._total

    def draw(self, count: int) -> Column:
        """Draw codes for every site, all independent.

        In a site's running sum over all codes, a seen code has a step of height N + s / K, and
        codes between two seen ones have steps of s / K, which a quotient counts.
        """
        steps = self._steps
        heights = draw_uniform(self.sites, count, device=self.keys.device) * self._total
        sites = torch.arange(self.sites, device=self.keys.device)[:, None]
        step = torch.searchsorted(steps.ends, heights + sites * self._total, right=True)
        step = step.clamp(steps.first[:, None], steps.last[:, None])
        codes = steps.codes[step]
        if self.smoothing:
            heights = heights - steps.counted_before[step]
            unseen = (heights / self._share).clamp(min=0).long()
            past = heights >= codes.double() * self._share
            # Rounding must not lead past the step.
            codes = torch.where(past, codes, torch.minimum(unseen, codes))
        return codes.clamp_(max=self.choices - 1).T

    @property
    def entropy(self) -> float:
        """The mean entropy of the PMFs, in nats a code."""
        seen = torch.special.entr((self.counts.double() + self._share) / self._total).sum()
        each = torch.special.entr(seen.new_tensor(self._share / self._total))
        return float(seen + self._unseen * each) / self.sites

    @property
    def unseen_mass(self) -> float:
        """The mean probability of all codes that no latent has at their site."""
        return self._unseen * self._share / self._total / self.sites

    @property
    def _share(self) -> float:
        """The smoothing's share of each code, s / K."""
        return self.smoothing / self.choices

    @property
    def _unseen(self) -> float:
        """The number of pairs that do not occur."""
        return float(self.sites * self.choices - len(self.keys))

    @cached_property
    def _total(self) -> float:
        """n + s."""
        return float(self.counts.sum()) / self.sites + self.smoothing

    @cached_property
    def _steps(self) -> "_Steps":
        return _Steps.of(self)


@dataclass(frozen=True, eq=False)
class _Steps:
    """The steps of seen codes in the running sums of all sites, one site after the other.

    With smoothing each site has one step more, of no height, past all its codes.
    """

    codes: Int64[Tensor, " steps"]
    counted_before: Int64[Tensor, " steps"]
    """The number of the site's latents with a lower code."""
    ends: Float[Tensor, " steps"]
    first: Int64[Tensor, " sites"]
    last: Int64[Tensor, " sites"]

    @classmethod
    def of(cls, pmfs: DepthPMFs) -> "_Steps":
        width, sites = len(pmfs.labels), torch.arange(pmfs.sites, device=pmfs.keys.device)
        site, codes, counts = pmfs.keys // width, pmfs.labels[pmfs.keys % width], pmfs.counts
        if pmfs.smoothing:
            site, order = torch.cat([site, sites]).sort(stable=True)
            codes = torch.cat([codes, torch.full_like(sites, pmfs.choices)])[order]
            counts = torch.cat([counts, torch.zeros_like(sites)])[order]
        latents = int(pmfs.counts.sum()) // pmfs.sites
        before = counts.cumsum(0) - counts - latents * site
        passed = (codes.double() + 1).clamp(max=pmfs.choices) * pmfs._share
        ends = before + counts + passed + site.double() * pmfs._total
        first = torch.searchsorted(site, sites)
        last = torch.searchsorted(site, sites, right=True) - 1
        return cls(codes, before, ends, first, last)
