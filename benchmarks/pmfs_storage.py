"""PMFS's occupied cells against the full array of k^d cells that the method would naively need.

For each number of dimensions d in which the array fits: fitting 60,000 latents and drawing 10,000,
time and peak memory of both, and the bytes that each keeps. Beyond, the array's size by formula.
"""

import argparse
import math
from dataclasses import dataclass

import torch
from side_by_side import side_by_side

from samplebench import Continuous, Latents, seeded
from samplebench_density import PMFS

COUNT, DRAWN, LARGEST_ARRAY = 60_000, 10_000, 2**31


@dataclass(frozen=True)
class FullArray:
    """A count for each of the k^d cells; draws by its cumulative sum."""

    bins: int
    counts: torch.Tensor
    low: torch.Tensor
    width: torch.Tensor

    @classmethod
    def fit(cls, values: torch.Tensor, bins: int) -> "FullArray":
        low, high = values.min(0).values, values.max(0).values
        width = (high - low) / bins
        cells = ((values - low) / width).long().clamp_(0, bins - 1)
        places = bins ** torch.arange(values.shape[1] - 1, -1, -1, device=values.device)
        counts = (cells * places).sum(1).bincount(minlength=bins ** values.shape[1])
        return cls(bins, counts, low, width)

    def sample(self, count: int) -> torch.Tensor:
        cumulative = self.counts.cumsum(0)
        heights = torch.randint(int(cumulative[-1]), (count,), device=cumulative.device)
        index = torch.searchsorted(cumulative, heights, right=True)
        sizes = torch.full((len(self.low),), self.bins, device=index.device)
        places = sizes ** torch.arange(len(sizes) - 1, -1, -1, device=index.device)
        cells = index[:, None] // places % self.bins
        return self.low + (cells + torch.rand(count, len(sizes), device=index.device)) * self.width


def draw_latents(width: int, device: str) -> Latents:
    """Draw from a mixture of ten Gaussians, whose latents leave most cells empty."""
    with seeded(0, "storage"):
        centres = 3 * torch.randn(10, width)
        values = centres[torch.randint(10, (COUNT,))] + torch.randn(COUNT, width)
    return Continuous(width).pack(values=values.to(device))


def fit_cells(latents: Latents, bins: int) -> PMFS:
    sampler = PMFS(bins=bins)
    sampler.fit(latents)
    return sampler


def count_bytes(sampler: PMFS) -> int:
    return sum(tensor.nbytes for tensor in sampler.state().values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--bins", type=int, default=10)
    options = parser.parse_args()
    bins, kept = options.bins, []
    for width in (*range(1, 9), 16, 32, 256):
        latents = draw_latents(width, options.device)
        array = 8 * bins**width
        if array <= LARGEST_ARRAY:
            side_by_side(
                f"PMFS of {bins} bins, d = {width}, n = {COUNT:,}, {DRAWN:,} drawn",
                {
                    "occupied cells": lambda x=latents: fit_cells(x, bins).sample(DRAWN),
                    "full array": lambda x=latents: FullArray.fit(x.values, bins).sample(DRAWN),
                },
                options.device,
                rounds=3,
            )
        sampler = fit_cells(latents, bins)
        occupied = int(sampler.diagnostics()["occupied_bins"])
        kept.append((width, occupied, count_bytes(sampler), array))
    print(f"\nKept, for {bins} bins (the array has 8 bytes a cell)")
    for width, occupied, cells, array in kept:
        power = math.log10(array)
        print(
            f"  d = {width:3}: {occupied:6,} occupied cells, {cells / 2**20:8.2f} MiB; "
            f"full array 10^{power:.1f} bytes"
        )


if __name__ == "__main__":
    main()
