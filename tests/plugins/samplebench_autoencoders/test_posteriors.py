"""The divergences of the variational autoencoders, against torch.distributions."""

import pytest
import torch
from torch.distributions import (
    Categorical,
    Independent,
    MixtureSameFamily,
    Normal,
    kl_divergence,
)

from samplebench import seeded
from samplebench_autoencoders.beta_vae import BetaVariationalAutoencoder
from samplebench_autoencoders.info_vae import InfoVariationalAutoencoder
from samplebench_autoencoders.posterior import Posterior
from samplebench_autoencoders.vae import VariationalAutoencoder
from samplebench_autoencoders.vamp_vae import VampPriorAutoencoder

SMALL = {"shape": (1, 8, 8), "latent": 3, "width": 4}


def some_images(count=6):
    with seeded(0, "images"):
        return torch.rand(count, 1, 8, 8, dtype=torch.float64)


def ready(kind, **settings):
    """In float64 and evaluation mode, with posteriors that are not all alike."""
    with seeded(0, "build"):
        model = kind(**SMALL, **settings).double().eval()
        for parameter in model.encoder.parameters():
            torch.nn.init.normal_(parameter, std=0.5)
    return model


def posterior_of(model, images):
    mean, log_variance = model.encoder(images).chunk(2, dim=1)
    return Independent(Normal(mean, (log_variance / 2).exp()), 1)


def divergence(model, images):
    zero = torch.zeros(len(images), 3, dtype=torch.float64)
    prior = Independent(Normal(zero, zero + 1), 1)
    return float(kl_divergence(posterior_of(model, images), prior).mean().detach())


def term(model, name):
    with seeded(1, "loss"):
        return float(model.loss_terms(some_images())[name].detach())


@pytest.mark.parametrize("beta", [0.0, 1.0, 4.0])
def test_the_divergence_of_a_beta_vae_is_weighted_by_beta(beta):
    model = ready(BetaVariationalAutoencoder, beta=beta)
    assert term(model, "kl") == pytest.approx(beta * divergence(model, some_images()))


def test_beta_is_four_by_default():
    assert BetaVariationalAutoencoder((1, 8, 8)).beta == 4


def test_the_reconstruction_of_a_beta_vae_is_that_of_the_plain_one():
    one, other = ready(BetaVariationalAutoencoder), ready(VariationalAutoencoder)
    other.load_state_dict(one.state_dict())
    assert term(one, "reconstruction") == term(other, "reconstruction")


@pytest.mark.parametrize("alpha", [-1.0, 0.0, 0.25, 1.0])
def test_the_divergence_of_an_info_vae_is_weighted_by_one_minus_alpha(alpha):
    model = ready(InfoVariationalAutoencoder, alpha=alpha)
    expected = (1 - alpha) * divergence(model, some_images())
    assert term(model, "kl") == pytest.approx(expected)


@pytest.mark.parametrize(("alpha", "scale"), [(0.0, 1000.0), (0.5, 3.0), (0.0, 1.0)])
def test_the_discrepancy_of_an_info_vae_is_weighted_by_alpha_plus_scale_minus_one(alpha, scale):
    one = ready(InfoVariationalAutoencoder, alpha=alpha, scale=scale)
    unit = ready(InfoVariationalAutoencoder, alpha=1.0, scale=1.0)
    assert term(one, "mmd") == pytest.approx((alpha + scale - 1) * term(unit, "mmd"))
    assert term(unit, "mmd") != 0


def test_a_draw_has_the_moments_of_its_posterior():
    mean, log_variance = torch.tensor([[1.0, -2.0]]), torch.tensor([[0.5, -3.0]])
    many = Posterior(mean.expand(20_000, 2), log_variance.expand(20_000, 2))
    with seeded(0, "draws"):
        drawn = many.draw()
    assert torch.allclose(drawn.mean(0), mean[0], atol=0.05)
    assert torch.allclose(drawn.var(0), log_variance[0].exp(), rtol=0.05)


def test_the_divergence_of_a_vamp_vae_is_to_the_mixture_of_its_pseudo_inputs_posteriors():
    model, images = ready(VampPriorAutoencoder, pseudo_inputs=4), some_images()
    components = posterior_of(model, torch.sigmoid(model.pseudo_logits))
    prior = MixtureSameFamily(Categorical(torch.ones(4, dtype=torch.float64)), components)
    posterior = posterior_of(model, images)
    with seeded(1, "loss"):
        drawn = posterior.mean + posterior.stddev * torch.randn(6, 3, dtype=torch.float64)
    expected = (posterior.log_prob(drawn) - prior.log_prob(drawn)).mean()
    assert term(model, "kl") == pytest.approx(float(expected.detach()))


def test_one_pseudo_input_equal_to_the_image_makes_the_divergence_zero():
    model, image = ready(VampPriorAutoencoder, pseudo_inputs=1), some_images(1)
    with torch.no_grad():
        model.pseudo_logits.copy_(image.logit())
    assert float(model.loss_terms(image)["kl"].detach()) == pytest.approx(0, abs=1e-9)


def test_pseudo_inputs_start_at_training_images_and_learn():
    with seeded(0, "build"):
        model = VampPriorAutoencoder(**SMALL, pseudo_inputs=3)
    images = some_images().float()
    with torch.no_grad():
        model.begin_training(images)
    assert torch.allclose(model.pseudo_logits.sigmoid(), images[:3].clamp(0.01, 0.99), atol=1e-5)
    torch.stack(list(model.loss_terms(images).values())).sum().backward()
    assert float(model.pseudo_logits.grad.abs().max()) > 0


def test_fewer_images_than_pseudo_inputs_start_several_at_the_same():
    model = VampPriorAutoencoder(**SMALL, pseudo_inputs=5)
    with torch.no_grad():
        model.begin_training(some_images(2).float())
    assert torch.equal(model.pseudo_logits[0], model.pseudo_logits[4])


@pytest.mark.parametrize(
    "kind",
    [
        VariationalAutoencoder,
        BetaVariationalAutoencoder,
        InfoVariationalAutoencoder,
        VampPriorAutoencoder,
    ],
)
def test_latents_are_posterior_means_or_draws_from_the_posteriors(kind):
    images = some_images(2)
    means, draws = ready(kind), ready(kind, latents="sample")
    posterior = posterior_of(means, images)
    assert (means.draws_latents, draws.draws_latents) == (False, True)
    assert torch.equal(means.encode(images).values, posterior.mean)
    with seeded(0, "draws"), torch.no_grad():
        drawn = torch.stack([draws.encode(images).values for _ in range(4000)])
    error = posterior.stddev / 4000**0.5
    assert ((drawn.mean(0) - posterior.mean).abs() < 5 * error).all()
    assert torch.allclose(drawn.std(0), posterior.stddev, rtol=0.1)
