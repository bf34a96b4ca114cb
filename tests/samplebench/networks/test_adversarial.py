"""The losses of critic and autoencoder against their formulas, and their turns in training."""

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
from samplebench.networks.adversarial import balance_gradients
from samplebench.training import Budget

SHAPE = (1, 16, 16)


class Open(Bottleneck):
    """A bottleneck that passes everything on."""

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
    (gradient,) = torch.autograd.grad(term, model.inner.last_weight, retain_graph=True)
    return gradient.double()


def test_missing_perceptual_weights_are_an_error_when_training_begins_and_not_before(
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
        loss = float(model.critic_loss(images()))
    zero = torch.zeros(()).double()
    exact = (torch.maximum(zero, 1 - real).mean() + torch.maximum(zero, 1 + fake).mean()) / 2
    assert loss == pytest.approx(float(exact), rel=1e-5)


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


def test_the_weight_of_a_verdict_without_a_gradient_is_clipped():
    weights = torch.ones(3, requires_grad=True)
    fidelity, verdict = 1e9 * weights.sum(), 0.0 * weights.sum()
    assert float(balance_gradients(fidelity, verdict, at=weights)) == 1e4


def test_the_verdict_enters_the_loss_from_its_start_on():
    model = build(start=0.3)
    train_autoencoder(model, images(20), Budget(steps=10, batch=10))
    assert "verdict" in model.loss_terms(images())
    for done, active in ((0.0, False), (0.29, False), (0.3, True), (0.9, True)):
        model.before_step(done)
        assert ("verdict" in model.loss_terms(images())) is active


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
    assert calls, "an old reconstruction is reused"
    model.loss_terms(batch)
    calls.clear()
    model.critic_loss(batch.clone())
    assert calls, "the reconstruction of other images is reused"


def test_without_gradients_the_verdict_is_still_in_the_loss():
    model = build()
    model.before_step(0.9)
    with torch.no_grad():
        assert float(model.loss_terms(images())["verdict"]) != 0


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"adversary": -1.0}, "adversary"), ({"start": 1.0}, "start"), ({"perceptual": -1.0}, "per")],
)
def test_a_setting_out_of_range_is_refused(settings, words):
    with pytest.raises(ValueError, match=words):
        build(**settings)


def test_a_critic_without_width_is_refused():
    inner = build().inner
    with pytest.raises(ValueError, match="critic_width"):
        AdversarialBottleneckAutoencoder(inner, 0, 0.8, 0.3, 0.0)
