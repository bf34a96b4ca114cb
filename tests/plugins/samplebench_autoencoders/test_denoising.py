"""What the denoising autoencoder sees, and what it is compared with."""

import pytest
import torch
from scipy.stats import binomtest, kstest
from torch.distributions import Bernoulli

from samplebench import seeded
from samplebench_autoencoders.denoising import DenoisingAutoencoder


def some_images(count=50):
    with seeded(0, "images"):
        return torch.rand(count, 2, 8, 8).clamp(min=0.01)


def built(**settings):
    with seeded(0, "build"):
        return DenoisingAutoencoder((2, 8, 8), latent=3, width=4, **settings).eval()


def loss_and_input(model, images):
    """The loss, and what the encoder was given."""
    seen = []
    handle = model.encoder.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    loss = float(model.loss_terms(images)["reconstruction"].detach())
    handle.remove()
    return loss, seen[0]


def test_masking_puts_the_stated_share_of_pixels_to_zero_and_leaves_the_others():
    images = some_images()
    _, seen = loss_and_input(built(amount=0.3), images)
    masked = seen == 0
    assert torch.equal(seen[~masked], images[~masked])
    assert binomtest(int(masked.sum()), masked.numel(), 0.3).pvalue > 0.001


def test_gaussian_noise_has_the_stated_std():
    images = some_images()
    _, seen = loss_and_input(built(noise="gaussian", amount=0.3), images)
    residual = (seen - images).double().flatten() / 0.3
    assert kstest(residual.numpy(), "norm").pvalue > 0.001


@pytest.mark.parametrize("noise", ["masking", "gaussian"])
def test_no_noise_leaves_the_images_as_they_are(noise):
    _, seen = loss_and_input(built(noise=noise, amount=0.0), some_images())
    assert torch.equal(seen, some_images())


def test_the_loss_compares_with_the_clean_images():
    model, images = built(), some_images()
    loss, seen = loss_and_input(model, images)
    likelihood = Bernoulli(logits=model.decoder(model.encoder(seen)), validate_args=False)
    expected = -likelihood.log_prob(images).sum((1, 2, 3)).mean().detach()
    assert loss == pytest.approx(float(expected), rel=1e-5)


def test_encoding_sees_clean_images():
    model, images = built(amount=0.9), some_images()
    assert torch.equal(model.encode(images).values, model.encoder(images))
