"""Checks of sizes and tensors that latent spaces and batches share."""

import math
from collections.abc import Sequence
from itertools import accumulate
from operator import mul

import torch
from torch import Tensor

MOST_CODES = 2**63 - 1
"""A code is a 64-bit integer."""


def require_sizes(owner: str, **sizes: int | Sequence[int]) -> None:
    """Refuse sizes below 1, and those for which 64-bit integers do not suffice.

    Raises:
        ValueError: a size is out of range; the message names the owner and the size.
    """
    for name, size in sizes.items():
        numbers = [size] if isinstance(size, int) else list(size)
        if any(number < 1 for number in numbers):
            raise ValueError(f"{owner}({name}={size!r}): sizes are at least 1")
        if any(number > MOST_CODES for number in numbers):
            raise ValueError(
                f"{owner}({name}={size!r}): sizes are at most 2⁶³ − 1, codes being 64-bit integers"
            )


def require_count(name: str, part: Tensor, count: int, *, owner: object) -> None:
    """Refuse a tensor (samples, …) that does not have ``count`` numbers per sample.

    Raises:
        ValueError: the number differs; the message names the owner, the tensor and its shape.
    """
    if part.shape[1:].numel() != count:
        raise ValueError(
            f"{owner} has {count} {name} a sample, "
            f"got {part.shape[1:].numel()} in a tensor {tuple(part.shape)}"
        )


def require_sites_first(
    name: str, part: Tensor, grid: Sequence[int], width: int, *, owner: object
) -> None:
    """Refuse a tensor whose shape is (samples, width, \\*grid) and not (samples, \\*grid, width).

    Neighbouring axes may be joined. Where a shape can be read both ways, it is taken as sites
    first.

    Raises:
        ValueError: channels come first; the message says how to move them.
    """
    splits = set(accumulate(part.shape[1:], mul))
    sites_first, channels_first = (
        splits <= {1, *accumulate(axes, mul)} for axes in ((*grid, width), (width, *grid))
    )
    if channels_first and not sites_first:
        raise ValueError(
            f"{name} of {owner} come sites first, {('samples', *grid, width)}, "
            f"got channels first, {tuple(part.shape)}: give {name}.movedim(1, -1)"
        )


def require_finite(values: Tensor) -> None:
    """Refuse latent values that are NaN or infinite.

    Raises:
        ValueError: a value is not finite.
    """
    # The extremes are NaN if any value is, and take one pass where `isfinite` takes five.
    if not all(map(math.isfinite, find_extremes(values))):
        raise ValueError("latent values must be finite; some are NaN or infinite")


def require_in_range(codes: Tensor, code_ranges: Sequence[int], *, owner: object) -> None:
    """Refuse codes (…, code_width) outside 0…range − 1, with a range for each column.

    Raises:
        ValueError: a code is out of range; the message names the owner and the codes found.
    """
    for column, choices in enumerate(code_ranges):
        low, high = find_extremes(codes[..., column])
        if low < 0 or high >= choices:
            raise ValueError(f"codes of {owner} lie in 0…{choices - 1}; found {low}…{high}")


def find_extremes(numbers: Tensor) -> list[float] | list[int]:
    """Find minimum and maximum in one transfer from the device; an empty tensor gives zeros."""
    nonempty = numbers.detach() if numbers.numel() else numbers.new_zeros(1)
    extremes: list[float] | list[int] = torch.stack(nonempty.aminmax()).tolist()
    return extremes
