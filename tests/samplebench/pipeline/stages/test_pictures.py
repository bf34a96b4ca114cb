"""What a picture of samples shows, read back from its file."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from samplebench.pipeline.stages.pictures import picture_of


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB")])
def test_every_image_is_shown_in_its_colours_below_the_name_of_its_strip(channels, mode):
    real, made = torch.rand(2, 40, channels, 48, 48)
    with Image.open(io.BytesIO(picture_of({"real": real, "made": made}))) as page:
        assert page.mode == mode
        shown = np.asarray(page.convert("RGB"))
    for strip, images in enumerate((real, made)):
        for number in range(32):
            top = strip * (14 + 2 * 50) + 14 + number // 16 * 50
            left = 2 + number % 16 * 50
            tile = shown[top : top + 48, left : left + 48].transpose(2, 0, 1)
            expected = np.round(255 * images[number].numpy())
            assert (tile == expected).all()
