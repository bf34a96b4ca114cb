"""The two losses of the adversarial autoencoder, as cross-entropies of probabilities."""

import math

import pytest
import torch

from samplebench import seeded
from samplebench.autoencoder_training import train_autoencoder
from samplebench.training import Budget
from samplebench_autoencoders.aae import LatentAdversarialAutoencoder


def some_images(count=6):
    with seeded(0, "images"):
        return torch.rand(count, 1, 8, 8)


def built(**settings):
    with seeded(0, "build"):
        return LatentAdversarialAutoencoder(
            (1, 8, 8), latent=2, width=4, critic_width=16, **settings
        ).eval()


def belief(model, vectors):
    """How probable the critic holds it that each vector is the prior's, in float64."""
    return 1 / (1 + torch.exp(-model.critic(vectors).detach().double()))


def test_the_autoencoder_pays_for_latents_that_the_critic_recognises():
    model = built(weight=3.0)
    reported = float(model.loss_terms(some_images())["deception"].detach())
    expected = -3 * belief(model, model.encoder(some_images())).log().mean()
    assert reported == pytest.approx(float(expected), rel=1e-5)


def test_the_critic_pays_for_both_kinds_of_mistake():
    model = built()
    with seeded(1, "critic"):
        reported = float(model.critic_loss(some_images()).detach())
    with seeded(1, "critic"):
        real = belief(model, torch.randn(6, 2))
    false = belief(model, model.encoder(some_images()))
    expected = -(real.log().mean() + (1 - false).log().mean())
    assert reported == pytest.approx(float(expected), rel=1e-5)


def test_the_critics_loss_trains_nothing_but_the_critic():
    model = built()
    model.critic_loss(some_images()).backward()
    learning = {name for name, p in model.named_parameters() if p.grad is not None}
    assert learning == {name for name, _ in model.named_parameters() if name.startswith("critic")}


def test_the_loss_of_an_undecided_critic_is_two_bits():
    model = built()
    torch.nn.init.zeros_(model.critic[-1].weight)
    torch.nn.init.zeros_(model.critic[-1].bias)
    assert float(model.critic_loss(some_images()).detach()) == pytest.approx(2 * math.log(2))


def test_a_step_against_the_deceptions_gradient_makes_latents_more_believable():
    model = built()
    before = belief(model, model.encoder(some_images())).mean()
    model.loss_terms(some_images())["deception"].backward()
    with torch.no_grad():
        for weight in model.encoder.parameters():
            weight -= 1e-2 * weight.grad
    assert float(belief(model, model.encoder(some_images())).mean()) > float(before)


def test_a_critic_learns_to_recognise_latents_that_stay_where_they_are():
    model = built(weight=0.0)
    for weight in model.encoder.parameters():
        weight.requires_grad_(False)
    torch.nn.init.constant_(model.encoder[-1].bias, 4.0)
    with seeded(0, "train"):
        train_autoencoder(model, some_images(64), Budget(steps=100, batch=32, learning_rate=0.01))
    assert float(model.critic_loss(some_images()).detach()) < 0.1
