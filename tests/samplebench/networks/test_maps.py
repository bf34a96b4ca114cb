"""Networks between images and feature maps, for images of every size."""

import pytest
import torch
from torch import nn

from samplebench.networks import map_decoder, map_encoder, map_sizes

SHAPES = [(1, 8, 8), (1, 28, 28), (3, 32, 32), (3, 64, 48), (2, 17, 23), (1, 6, 40)]


@pytest.mark.parametrize("halvings", [1, 2])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_maps_have_the_stated_grid_and_lead_back_to_the_image(shape, halvings):
    images = torch.rand(3, *shape)
    maps = map_encoder(shape, channels=5, width=8, halvings=halvings)(images)
    assert maps.shape == (3, 5, *map_sizes(shape, halvings)[-1])
    assert map_decoder(shape, channels=5, width=8, halvings=halvings)(maps).shape == images.shape


@pytest.mark.parametrize(
    ("shape", "halvings", "grid"),
    [((1, 28, 28), 2, (7, 7)), ((3, 32, 32), 3, (4, 4)), ((1, 17, 23), 2, (4, 5))],
)
def test_each_downsampling_rounds_down(shape, halvings, grid):
    assert map_sizes(shape, halvings)[-1] == grid


def test_images_too_small_for_so_many_downsamplings_are_refused_with_their_size():
    with pytest.raises(ValueError, match="images of 1x1 are too small to halve"):
        map_sizes((1, 4, 4), halvings=3)
    with pytest.raises(ValueError, match="halvings must be at least 1, not 0"):
        map_sizes((1, 4, 4), halvings=0)


def test_the_network_has_the_published_layers():
    """The paper's table: 3→64→128 by stride 2, a 3×3, two residual blocks of 32, 1×1 to 16."""
    encoder = map_encoder((3, 32, 32), channels=16, width=128, halvings=2)
    convolutions = [m for m in encoder.modules() if isinstance(m, nn.Conv2d)]
    layers = [(c.in_channels, c.out_channels, c.kernel_size[0], c.stride[0]) for c in convolutions]
    block = [(128, 32, 3, 1), (32, 128, 1, 1)]
    downsampling = [(3, 64, 4, 2), (64, 128, 4, 2)]
    assert layers == [*downsampling, (128, 128, 3, 1), *block, *block, (128, 16, 1, 1)]


def test_an_image_never_depends_on_the_rest_of_its_batch():
    images = torch.rand(4, 1, 12, 12)
    encoder = map_encoder((1, 12, 12), channels=3, width=8, halvings=2)  # in training mode
    torch.testing.assert_close(encoder(images)[:1], encoder(images[:1]))
