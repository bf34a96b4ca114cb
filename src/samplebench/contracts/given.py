"""Latents from arrays and tensors that exist, of which the space is not known yet."""

from collections.abc import Sequence
from typing import Literal

from samplebench.contracts.latents import Continuous, Discrete, Latents, LatentSpace
from samplebench.contracts.packing import Given, as_tensor
from samplebench.errors import UsageError

Layout = Literal["channels-first", "channels-last"]
"""Where a batch of maps has the numbers of a site: (samples, channels, rows, columns), or last."""


def as_latents(
    given: Latents | Given,
    *,
    layout: Layout | None = None,
    codes: int | Sequence[int] | None = None,
) -> Latents:
    """Make latents of an array or tensor.

    Floats (samples, dimensions) are vectors. Floats with more axes are maps, and ``layout`` says
    which axis has the channels. Integers (samples, *grid) are codes; with several codebooks
    (samples, *grid, codebooks).

    Args:
        codes: for integers: the size of the codebook, or the sizes of several.

    Raises:
        UsageError: the layout or the number of codes is not said and has to be, or does not fit.
        ValueError: a number is not finite, or a code is out of range.
    """
    if isinstance(given, Latents):
        return given
    tensor = as_tensor(given, None)
    if tensor is None or tensor.ndim == 0 or tensor.numel() == 0:
        raise UsageError("latents are an array (samples, …) with at least one number")
    if tensor.ndim == 1:
        tensor = tensor[:, None] if tensor.is_floating_point() else tensor
    space = find_space(tuple(tensor.shape[1:]), tensor.is_floating_point(), layout, codes)
    if not tensor.is_floating_point():
        return space.pack(codes=tensor)
    return space.pack(values=tensor, channels_first=layout == "channels-first")


def find_space(
    shape: tuple[int, ...],
    floats: bool,
    layout: Layout | None = None,
    codes: int | Sequence[int] | None = None,
) -> LatentSpace:
    """Find the space of latents of which one has this shape.

    Raises:
        UsageError: as ``as_latents``.
    """
    if not floats:
        return _space_of_codes(shape, codes)
    if codes is not None:
        raise UsageError("codes are integers, and these latents are floats: leave `codes` out")
    if len(shape) == 1:
        return Continuous(shape[0])
    if layout == "channels-first":
        return Continuous(shape[0], shape[1:])
    if layout == "channels-last":
        return Continuous(shape[-1], shape[:-1])
    raise UsageError(
        f"latents of shape {shape} are maps: say layout='channels-first' or 'channels-last', or "
        "give vectors (samples, dimensions)"
    )


def _space_of_codes(shape: tuple[int, ...], codes: int | Sequence[int] | None) -> LatentSpace:
    if codes is None:
        raise UsageError("integers are codes: say how many a codebook has, codes=512")
    if isinstance(codes, int):
        return Discrete((codes,), shape)
    if not shape or shape[-1] != len(codes):
        raise UsageError(
            f"with {len(codes)} codebooks, codes are (samples, *grid, {len(codes)}), and one "
            f"sample of these has the shape {shape}"
        )
    return Discrete(tuple(codes), shape[:-1])
