"""A codebook to start from."""

import torch

from samplebench_quantized.nearest import Codebook, Points, nearest, statistics


def k_means(points: Points, codes: int, rounds: int = 10) -> Codebook:
    """``codes`` codewords after some rounds of Lloyd's iteration from points drawn at random.

    A codeword that no point is nearest to moves to a point drawn at random. Where there are fewer
    points than codes, some of the codewords are equal.
    """
    found = _drawn(points, codes)
    for _ in range(rounds):
        counts, sums = statistics(points, nearest(points, found), codes)
        means = sums / counts.clamp(min=1)[:, None]
        found = torch.where(counts[:, None] > 0, means, _drawn(points, codes))
    return found


def _drawn(points: Points, codes: int) -> Codebook:
    """As many of the points, each as often as any other, give or take one."""
    order = torch.randperm(len(points), device=points.device)
    return points[order[torch.arange(codes, device=points.device) % len(points)]]
