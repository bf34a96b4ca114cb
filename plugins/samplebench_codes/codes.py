"""The codes of latents as one sequence: sites in raster order, and at a site by depth."""

from collections.abc import Sequence

import torch
from jaxtyping import Int64
from torch import Tensor

from samplebench import Form, Latents

Codes = Int64[Tensor, "samples sites depths"]
"""One code for each site and depth. Depth d is the d-th code of a site, from codebook d."""

_CODES_AT_A_TIME = 2**22


def extract_codes(latents: Latents, form: Form) -> Codes:
    """Take the codes from latents of this form, on its device; they may share the memory.

    Raises:
        ValueError: they are of another space.
    """
    space = form.space
    if latents.space != space:
        raise ValueError(f"fitted to latents of {space}, asked about {latents.space}")
    codes = latents.codes.reshape(len(latents), space.sites, space.code_width)
    return codes.to(form.device)


def pack_codes(codes: Codes, form: Form) -> Latents:
    """Pack codes into latents of this form; their values have no width, but a type."""
    values = torch.empty(len(codes), 0, device=codes.device, dtype=form.dtype)
    return form.space.pack(values=values, codes=codes)


def split_samples(codes: Int64[Tensor, "samples ..."]) -> Sequence[Int64[Tensor, "_ ..."]]:
    """Split the samples into chunks, so that tensors computed for each code need little memory."""
    return torch.split(codes, max(1, _CODES_AT_A_TIME // max(1, codes.shape[1:].numel())))
