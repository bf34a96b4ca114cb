"""The critic's map of verdicts, and the patch behind each verdict."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from samplebench.networks.patch_critic import PatchCritic


@settings(deadline=None, max_examples=30)
@given(st.integers(3, 40), st.integers(3, 40), st.integers(1, 3))
def test_images_of_any_size_from_3_pixels_on_get_verdicts(height, width, channels):
    critic = PatchCritic((channels, height, width), width=4)
    verdicts = critic(torch.rand(3, channels, height, width))
    assert verdicts.shape[:2] == (3, 1)
    assert verdicts.numel() >= 3


def test_large_images_are_judged_by_patches_of_the_papers_size():
    """Three downsamplings and two more convolutions of size 4: a patch has 70 × 70 pixels."""
    critic = PatchCritic((3, 256, 256), width=4).eval()
    images = torch.zeros(1, 3, 256, 256, requires_grad=True)
    verdicts = critic(images)
    assert verdicts.shape == (1, 1, 30, 30)
    (slope,) = torch.autograd.grad(verdicts[0, 0, 15, 15], images)
    seen = slope.abs().sum((0, 1)).nonzero()
    assert (seen.amax(0) - seen.amin(0) + 1).tolist() == [70, 70]


def test_images_of_two_pixels_are_refused():
    with pytest.raises(ValueError, match="too small for a critic"):
        PatchCritic((1, 2, 8), width=4)
