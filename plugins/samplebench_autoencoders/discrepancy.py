"""The maximum mean discrepancy between the distributions of two samples."""

from typing import Literal

import torch
from torch import Tensor

from samplebench_autoencoders.posterior import Vectors

Kernel = Literal["imq", "rbf"]

_SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


def squared_discrepancy(
    drawn: Vectors, prior: Vectors, *, kernel: Kernel, bandwidth: float
) -> Tensor:
    """Estimate MMD² between two distributions without bias, from a sample of each.

    ``Σ_{i≠j} k(z_i, z_j) / n(n−1)``, the same of the other sample, less twice the mean of k
    between the two. It is 0 on average for equal distributions, so it is negative at times. A
    single vector has no pair, so the estimate is 0, without a gradient.
    """
    if len(drawn) < 2:
        return 0 * drawn.sum()
    within = _mean_of_pairs(_similarity(drawn, drawn, kernel, bandwidth))
    within_prior = _mean_of_pairs(_similarity(prior, prior, kernel, bandwidth))
    return within + within_prior - 2 * _similarity(drawn, prior, kernel, bandwidth).mean()


def _mean_of_pairs(similarity: Tensor) -> Tensor:
    """Average over pairs of different members."""
    count = len(similarity)
    return (similarity.sum() - similarity.diagonal().sum()) / (count * (count - 1))


def _similarity(one: Vectors, other: Vectors, kernel: Kernel, bandwidth: float) -> Tensor:
    """Compute ``k(a, b)`` for all pairs, with ``C = 2 d σ²`` for d dimensions and the bandwidth σ.

    ``imq`` is ``Σ_s s C / (s C + ‖a − b‖²)`` over seven scales s, ``rbf`` is
    ``exp(−‖a − b‖² / C)``.
    """
    distance = torch.cdist(one, other).square()  # (samples, samples)
    expected = 2 * one.shape[1] * bandwidth**2
    if kernel == "rbf":
        return torch.exp(-distance / expected)
    scaled = [scale * expected for scale in _SCALES]
    return torch.stack([c / (c + distance) for c in scaled]).sum(0)
