"""The critic and the autoencoder, each against the formulas, and in turns."""

import pytest
import torch

from samplebench import Continuous, WeightsMissing, seeded
from samplebench.autoencoder_training import train_autoencoder
from samplebench.networks import (
    AdversarialBottleneckAutoencoder,
    Bottleneck,
    BottleneckAutoencoder,
    Coded,
)
from samplebench.training import Budget

SHAPE = (1, 16, 16)


class Open(Bottleneck):
    """Lets everything through."""

    channels = 3

    def space(self, grid):
        return Continuous(3, grid)

    def encode(self, sites):
        return Coded(values=sites)

    def decode(self, latents):
        return latents.values.flatten(1, -2)

    def forward(self, sites):
        return sites, {"size": 0.01 * sites.square().mean()}


def build(adversary=0.8, start=0.5, likelihood="mse", perceptual=0.0):
    with seeded(0, "network"):
        inner = BottleneckAutoencoder(SHAPE, Open(), width=8, likelihood=likelihood)
        return AdversarialBottleneckAutoencoder(inner, 8, adversary, start, perceptual)


def images(count=6):
    with seeded(0, "images"):
        return torch.rand(count, *SHAPE)


def slope(term, model):
    (found,) = torch.autograd.grad(term, model.inner.last_weight, retain_graph=True)
    return found.double()


def test_missing_perceptual_weights_are_told_as_training_begins_and_to_nobody_else(
    tmp_path, monkeypatch
):
    def no_network(*_, **__):
        raise OSError("no network")

    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr("torch.hub.download_url_to_file", no_network)
    model = build(perceptual=1.0).eval()
    assert torch.equal(
        model.decode(model.encode(images())), build().eval().decode(model.encode(images()))
    )
    with pytest.raises(WeightsMissing, match="no network"):
        model.begin_training(images())


def test_the_critic_minimises_the_hinge_loss():
    model = build().eval()
    with torch.no_grad():
        real = model.critic(images()).double()
        fake = model.critic(model.decode(model.encode(images()))).double()
        told = float(model.critic_loss(images()))
    zero = torch.zeros(()).double()
    exact = (torch.maximum(zero, 1 - real).mean() + torch.maximum(zero, 1 + fake).mean()) / 2
    assert told == pytest.approx(float(exact), rel=1e-5)


@pytest.mark.parametrize("likelihood", ["mse", "bernoulli"])
def test_the_verdict_pulls_the_last_layer_as_strongly_as_the_reconstruction(likelihood):
    model = build(adversary=0.5, likelihood=likelihood)
    model.before_step(0.5)
    terms = model.loss_terms(images())
    judged, wanted = slope(terms["verdict"], model), slope(terms["reconstruction"], model)
    outputs, _ = model.inner.reconstruct(images())
    plain = slope(-model.critic(model.inner.means(outputs)).mean(), model)
    weight = wanted.norm() / (plain.norm() + 1e-4)
    torch.testing.assert_close(judged, 0.5 * weight * plain, rtol=1e-3, atol=1e-6)


def test_the_weight_of_a_verdict_that_pulls_at_nothing_is_cut():
    model = build(adversary=1.0)
    model.before_step(0.9)
    wanted = torch.zeros(()) + 1e9 * model.inner.last_weight.sum()
    verdict = 0.0 * model.inner.last_weight.sum()
    assert float(model._balance(wanted, verdict)) == 1e4


def test_before_its_start_the_critic_is_not_heard_and_from_then_on_it_is():
    model = build(start=0.3)
    train_autoencoder(model, images(20), Budget(steps=10, batch=10))
    assert model.heard
    for done, heard in ((0.0, False), (0.29, False), (0.3, True), (0.9, True)):
        model.before_step(done)
        assert ("verdict" in model.loss_terms(images())) is heard


def test_each_side_leaves_the_others_weights_alone():
    model = build(start=0.0)
    model.before_step(0.5)
    theirs = [parameter.clone() for parameter in model.critic_parameters()]
    ours = [parameter.clone() for parameter in model.inner.parameters()]
    optimiser = torch.optim.SGD(model.inner.parameters(), 0.1)
    torch.stack(list(model.loss_terms(images()).values())).sum().backward(
        inputs=list(model.inner.parameters())
    )
    optimiser.step()
    assert all(map(torch.equal, theirs, model.critic_parameters()))
    assert not all(map(torch.equal, ours, model.inner.parameters()))
    ours = [parameter.clone() for parameter in model.inner.parameters()]
    model.critic_loss(images()).backward()
    assert all(parameter.grad is not None for parameter in model.critic_parameters())
    assert all(map(torch.equal, ours, model.inner.parameters()))


def test_a_reconstruction_is_made_once_a_step():
    model, batch = build().train(), images()
    model.loss_terms(batch)
    calls = []
    model.inner.encoder.register_forward_hook(lambda *_: calls.append(1))
    model.critic_loss(batch)
    assert not calls
    model.critic_loss(batch)
    assert calls, "an old reconstruction is shown again"
    model.loss_terms(batch)
    calls.clear()
    model.critic_loss(batch.clone())
    assert calls, "the reconstruction of other images is shown"


def test_without_gradients_the_loss_is_told_all_the_same():
    model = build()
    model.before_step(0.9)
    with torch.no_grad():
        assert float(model.loss_terms(images())["verdict"]) != 0


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"adversary": -1.0}, "adversary"), ({"start": 1.0}, "start"), ({"perceptual": -1.0}, "per")],
)
def test_a_setting_out_of_range_is_told(settings, words):
    with pytest.raises(ValueError, match=words):
        build(**settings)


def test_a_critic_without_width_is_refused():
    inner = build().inner
    with pytest.raises(ValueError, match="critic_width"):
        AdversarialBottleneckAutoencoder(inner, 0, 0.8, 0.3, 0.0)
