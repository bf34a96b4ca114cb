"""Means and variances of points of any scale."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

Points = Float[Tensor, "points D"]

_NUMBERS = {"cpu": 2**18}
"""Numbers that are held in float64 at a time."""
_MANY_NUMBERS = 2**25  # on an accelerator, where every call has a fixed cost


class Moments(NamedTuple):
    """Mean and variance of each dimension, float64."""

    mean: Float[Tensor, " D"]
    variance: Float[Tensor, " D"]


def compute_moments(points: Points) -> Moments:
    """Compute mean and variance, dividing by n; the variance is exactly 0 where nothing varies.

    Squares are float64: those of float32 numbers neither overflow nor vanish there.
    """
    varies = points.amin(0) < points.amax(0)
    size = max(1, _NUMBERS.get(points.device.type, _MANY_NUMBERS) // points.shape[1])
    mean, squares = points.new_zeros(2, points.shape[1], dtype=torch.float64)
    for some in torch.split(points, size):
        mean += some.double().sum(0)
    mean /= len(points)
    for some in torch.split(points, size):
        squares += (some.double() - mean).square_().sum(0)
    return Moments(mean, torch.where(varies, squares / len(points), 0.0))
