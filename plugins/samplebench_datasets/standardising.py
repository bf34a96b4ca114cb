"""Standardisation by the training samples."""

import torch
from torch import Tensor


def standardise(train: Tensor, test: Tensor) -> tuple[Tensor, Tensor]:
    """Subtract the training mean of each number, and divide by its training std.

    A number that is the same in all training samples is not divided, so that it is 0 there. Means
    and stds (of the population, with 1/n) are taken in float64.

    Args:
        train, test: (samples, *shape).

    Returns:
        Both as float64, which may be too large for float32 where a training std is tiny.
    """
    learned = train.double()
    mean = learned.mean(0)
    spread = learned.std(0, correction=0)
    # Of equal numbers, rounding may leave a mean that differs and a std that is not quite 0.
    constant = train.amax(0) == train.amin(0)
    mean = torch.where(constant, learned[0], mean)
    scale = torch.where(constant | (spread == 0), 1.0, spread)
    return (learned - mean) / scale, (test.double() - mean) / scale
