"""The picture of a row, read back from its file."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from samplebench.pipeline.stages.pictures import picture_of


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB")])
def test_the_first_images_of_each_strip_are_there_at_native_size(channels, mode):
    real, made = torch.rand(2, 40, channels, 8, 6)
    with Image.open(io.BytesIO(picture_of(real, made))) as page:
        assert (page.mode, page.size) == (mode, (16 * 6, 4 * 8))
        shown = np.asarray(page.convert("RGB"))
    for strip, images in enumerate((real, made)):
        for number in range(32):
            top, left = (2 * strip + number // 16) * 8, number % 16 * 6
            tile = shown[top : top + 8, left : left + 6].transpose(2, 0, 1)
            assert (tile == np.round(255 * images[number].numpy())).all()


def test_places_without_an_image_are_white():
    with Image.open(io.BytesIO(picture_of(torch.zeros(3, 1, 4, 4)))) as page:
        shown = np.asarray(page)
    assert (shown[:4, :12] == 0).all()
    assert (shown[:4, 12:] == 255).all()
    assert (shown[4:] == 255).all()
