"""Objectives against torch.distributions, and networks for images of many sizes."""

import pytest
import torch
from torch.distributions import Bernoulli, Independent, Normal, kl_divergence

from samplebench import seeded
from samplebench.networks import reconstruction_loss, vector_decoder, vector_encoder
from samplebench_autoencoders.ae import PlainAutoencoder
from samplebench_autoencoders.vae import VariationalAutoencoder

BACKBONES = ("conv", "mlp", "resnet")
SHAPES = [(1, 8, 8), (1, 16, 16), (1, 28, 28), (3, 32, 32), (3, 64, 64), (2, 17, 23), (1, 6, 40)]


def some_images(shape=(1, 8, 8), count=6):
    with seeded(0, "images"):
        return torch.rand(count, *shape)


@pytest.mark.parametrize("backbone", BACKBONES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_every_backbone_fits_images_of_every_size(backbone, shape):
    encoder = vector_encoder(backbone, shape, outputs=5, width=4)
    decoder = vector_decoder(backbone, shape, inputs=5, width=4)
    vectors = encoder(some_images(shape))
    assert vectors.shape == (6, 5)
    assert decoder(vectors).shape == (6, *shape)


def test_images_too_small_to_halve_are_refused_with_their_size():
    with pytest.raises(ValueError, match="images of 1x8 are too small"):
        vector_encoder("conv", (1, 1, 8), outputs=2, width=4)
    with pytest.raises(ValueError, match=r"3x3 are too small to halve.*backbone='mlp'"):
        vector_encoder("resnet", (1, 3, 3), outputs=2, width=4)


def test_a_wider_network_has_more_parameters():
    small, large = (
        sum(p.numel() for p in PlainAutoencoder((1, 16, 16), width=width).parameters())
        for width in (8, 16)
    )
    assert large > 2 * small


@pytest.mark.parametrize("likelihood", ["mse", "bernoulli"])
def test_reconstruction_loss_is_the_negative_log_likelihood_up_to_a_constant(likelihood):
    images = some_images().double()
    images = images.round() if likelihood == "bernoulli" else images
    with seeded(0, "logits"):
        several = [torch.randn_like(images) for _ in range(2)]

    def exact(logits):
        distribution = (
            Bernoulli(logits=logits) if likelihood == "bernoulli" else Normal(logits.sigmoid(), 1)
        )
        return -Independent(distribution, 3).log_prob(images).mean()

    def ours_of(logits):
        decoded = logits if likelihood == "bernoulli" else logits.sigmoid()
        return reconstruction_loss(likelihood, decoded, images)

    ours, theirs = ([loss(logits) for logits in several] for loss in (ours_of, exact))
    assert ours[0] - ours[1] == pytest.approx(float(theirs[0] - theirs[1]), rel=1e-5)
    if likelihood == "bernoulli":  # has no constant
        assert ours[0] == pytest.approx(float(theirs[0]), rel=1e-5)


def test_the_vaes_kl_is_that_of_its_posterior_to_the_standard_normal():
    images = some_images()
    vae = VariationalAutoencoder((1, 8, 8), latent=3, width=4).double().eval()
    images = images.double()
    mean, log_variance = vae.encoder(images).chunk(2, dim=1)
    posterior = Independent(Normal(mean, (log_variance / 2).exp()), 1)
    prior = Independent(Normal(torch.zeros(6, 3).double(), torch.ones(6, 3).double()), 1)
    reported = vae.loss_terms(images)["kl"].detach()
    exact = kl_divergence(posterior, prior).mean().detach()
    assert float(reported) == pytest.approx(float(exact), rel=1e-5)


def test_the_vaes_reconstruction_term_is_of_one_draw_from_the_posterior():
    images = some_images()
    vae = VariationalAutoencoder((1, 8, 8), latent=3, width=4).eval()
    mean, log_variance = vae.encoder(images).chunk(2, dim=1)
    with seeded(1, "draw"):
        reported = vae.loss_terms(images)["reconstruction"].detach()
    with seeded(1, "draw"):
        drawn = mean + (log_variance / 2).exp() * torch.randn(6, 3)
    likelihood = Independent(Bernoulli(logits=vae.decoder(drawn), validate_args=False), 3)
    assert float(reported) == pytest.approx(
        float(-likelihood.log_prob(images).mean().detach()), rel=1e-5
    )


def test_a_vaes_latents_are_its_posterior_means():
    vae = VariationalAutoencoder((1, 8, 8), latent=3, width=4).eval()
    images = some_images()
    assert torch.equal(vae.encode(images).values, vae.encoder(images)[:, :3])
    assert torch.equal(vae.encode(images).values, vae.encode(images).values)


def test_a_trained_autoencoder_reconstructs_held_out_digits_better_than_a_pca_of_its_size():
    from sklearn.datasets import load_digits
    from sklearn.decomposition import PCA

    from samplebench.training import Budget, train

    images = torch.tensor(load_digits().images[:, None] / 16, dtype=torch.float32)
    learned, held_out = images[:1400], images[1400:]
    with seeded(0, "test"):
        model = PlainAutoencoder((1, 8, 8), latent=4, backbone="mlp", width=8)
        train(model, model.loss_terms, learned, Budget(epochs=40, batch=64, learning_rate=2e-3))
    with torch.no_grad():
        ours = (model.decode(model.encode(held_out)) - held_out).square().mean()
    pca = PCA(4).fit(learned.flatten(1).numpy())
    flat = held_out.flatten(1).numpy()
    theirs = ((pca.inverse_transform(pca.transform(flat)) - flat) ** 2).mean()
    assert ours < 0.9 * theirs
