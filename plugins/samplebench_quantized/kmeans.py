"""K-means, from which codebooks start."""

import torch

from samplebench_quantized.nearest import Codebook, Points, count_and_sum, find_nearest


def k_means(points: Points, codes: int, rounds: int = 10) -> Codebook:
    """Find ``codes`` codewords by some rounds of Lloyd's iteration from random points.

    A codeword that is nearest to no point moves to a point drawn at random. Where there are fewer
    points than codes, some of the codewords are equal.
    """
    codebook = draw_points(points, codes)
    for _ in range(rounds):
        counts, sums = count_and_sum(points, find_nearest(points, codebook), codes)
        means = sums / counts.clamp(min=1)[:, None]
        codebook = torch.where(counts[:, None] > 0, means, draw_points(points, codes))
    return codebook


def draw_points(points: Points, codes: int) -> Codebook:
    """Draw ``codes`` points, all equally often to within one."""
    order = torch.randperm(len(points), device=points.device)
    return points[order[torch.arange(codes, device=points.device) % len(points)]]
