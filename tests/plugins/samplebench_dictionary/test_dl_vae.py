"""DL-VAE as a whole."""

import pytest
import torch

from samplebench import Sparse, seeded
from samplebench.autoencoder_training import train_autoencoder
from samplebench.training import Budget
from samplebench_dictionary.dl_vae import dl_vae

SMALL = {"atoms": 32, "active": 2, "channels": 8, "width": 16, "likelihood": "bernoulli"}


def shapes(count):
    """Bright squares in a dark image, each somewhere."""
    with seeded(0, "shapes"):
        corners = torch.randint(0, 8, (count, 2))
    rows = torch.arange(16)
    inside = [(rows >= corner[:, None]) & (rows < corner[:, None] + 6) for corner in corners.T]
    return (inside[0][:, :, None] & inside[1][:, None, :]).float()[:, None]


def trained(**settings):
    with seeded(0, "dl-vae"):
        autoencoder = dl_vae((1, 16, 16), **SMALL, **settings)
        train_autoencoder(
            autoencoder, shapes(512), Budget(steps=200, batch=32, learning_rate=5e-3)
        )
    return autoencoder


def test_latents_are_sparse_codes_of_a_grid():
    assert dl_vae((3, 32, 20), halvings=2).latent_space == Sparse(512, 4, (8, 5))


@pytest.mark.slow
@pytest.mark.parametrize("update", ["gradient", "online"])
def test_it_reconstructs_far_better_than_the_mean_image(update):
    images = shapes(512)
    autoencoder = trained(update=update)
    with torch.no_grad():
        decoded = autoencoder.decode(autoencoder.encode(images))
    error, yardstick = (images - decoded).square().mean(), images.var(0).mean()
    assert error < yardstick / 3


def test_an_image_has_the_same_latent_in_any_batch():
    autoencoder = dl_vae((1, 16, 16), **SMALL).eval()
    images = shapes(6)
    with torch.no_grad():
        together, alone = autoencoder.encode(images), autoencoder.encode(images[4:5])
    assert torch.equal(together.codes[4:5], alone.codes)
    torch.testing.assert_close(together.values[4:5], alone.values)


def test_only_the_gradient_rule_has_a_dictionary_term():
    images = shapes(4)
    by_gradient, online = (
        dl_vae((1, 16, 16), **SMALL, update=update).loss_terms(images)
        for update in ("gradient", "online")
    )
    assert set(by_gradient) == {"reconstruction", "commitment", "dictionary"}
    assert set(online) == {"reconstruction", "commitment"}
