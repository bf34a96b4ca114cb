"""Penalties on Jacobians, against autograd's own Jacobians and finite differences."""

import pytest
import torch
from torch import nn
from torch.autograd.functional import jacobian

from samplebench import seeded
from samplebench_autoencoders.contractive import ContractiveAutoencoder
from samplebench_autoencoders.jacobian import squared_jacobian_norm
from samplebench_autoencoders.rae import RegularisedAutoencoder


def some_images(count=5):
    with seeded(0, "images"):
        return torch.rand(count, 1, 8, 8, dtype=torch.float64)


def network(inputs, outputs):
    with seeded(0, "network"):
        hidden = [nn.Linear(inputs, 6), nn.BatchNorm1d(6), nn.Tanh(), nn.Linear(6, outputs)]
        return nn.Sequential(*hidden).double()


def points(count, size):
    with seeded(0, "points"):
        return torch.randn(count, size, dtype=torch.float64, requires_grad=True)


def exact_norm(function, inputs):
    """The mean over samples of the squared norm of the whole batch's Jacobian."""
    return float(jacobian(function, inputs).square().sum()) / len(inputs)


def mean_term(model, name, draws):
    images = some_images()
    with seeded(2, "probes"):
        terms = [model.loss_terms(images)[name].detach() for _ in range(draws)]
    return float(torch.stack(terms).mean())


@pytest.mark.parametrize("training", [True, False])
def test_the_estimate_is_right_on_average(training):
    net, inputs = network(4, 3).train(training), points(5, 4)
    with seeded(1, "probes"):
        estimate = float(squared_jacobian_norm(net(inputs), inputs, probes=3000).detach())
    assert estimate == pytest.approx(exact_norm(net, inputs), rel=0.05)


def test_the_estimate_is_exact_for_a_single_output():
    net, inputs = network(4, 1).eval(), points(5, 4)
    estimate = squared_jacobian_norm(net(inputs), inputs, probes=1)
    assert float(estimate.detach()) == pytest.approx(exact_norm(net, inputs))


def test_more_probes_have_less_variance():
    net, inputs = network(4, 3), points(5, 4)
    stds = []
    for probes in (1, 16):
        with seeded(1, "probes"):
            estimate = [
                squared_jacobian_norm(net(inputs), inputs, probes=probes).detach()
                for _ in range(99)
            ]
        stds.append(float(torch.stack(estimate).std()))
    assert stds[1] < stds[0] / 2


@pytest.mark.parametrize("training", [True, False])
def test_the_gradient_of_the_estimate_is_that_of_finite_differences(training):
    net, inputs = network(4, 3).train(training), points(5, 4)

    def norm(weight):
        with seeded(1, "probes"):
            outputs = torch.func.functional_call(net, {"0.weight": weight}, (inputs,))
            return squared_jacobian_norm(outputs, inputs, probes=2)

    assert torch.autograd.gradcheck(norm, net[0].weight)


@pytest.mark.parametrize("backbone", ["conv", "mlp"])
def test_a_contractive_autoencoder_pays_for_the_jacobian_of_its_encoder(backbone):
    with seeded(0, "build"):
        model = ContractiveAutoencoder(
            (1, 8, 8), latent=3, width=4, backbone=backbone, weight=0.7, probes=20
        )
    model = model.double().eval()
    expected = 0.7 * exact_norm(model.encoder, some_images())
    assert mean_term(model, "contraction", draws=40) == pytest.approx(expected, rel=0.05)


def test_in_evaluation_mode_no_image_weighs_on_the_latent_of_another():
    with seeded(0, "build"):
        model = ContractiveAutoencoder((1, 8, 8), latent=1, width=4).double().eval()
    images = some_images()
    alone = [float(model.loss_terms(image[None])["contraction"].detach()) for image in images]
    assert sum(alone) / 5 == pytest.approx(0.1 * exact_norm(model.encoder, images))


@pytest.mark.parametrize("kind", [ContractiveAutoencoder, RegularisedAutoencoder])
def test_a_penalty_is_the_same_where_no_gradients_are_asked_for(kind):
    with seeded(0, "build"):
        model, images = kind((1, 8, 8), width=4).double().eval(), some_images()
    with seeded(1, "loss"):
        estimate = model.loss_terms(images)
    with seeded(1, "loss"), torch.no_grad():
        again = model.loss_terms(images)
    assert {name: float(term.detach()) for name, term in estimate.items()} == {
        name: float(term.detach()) for name, term in again.items()
    }


def test_the_gradient_penalty_of_an_rae_is_of_its_decoded_images():
    with seeded(0, "build"):
        model = RegularisedAutoencoder((1, 8, 8), latent=3, width=4, weight=0.7).double().eval()
    vectors = model.encoder(some_images()).detach()
    expected = 0.7 * exact_norm(lambda given: torch.sigmoid(model.decoder(given)), vectors)
    estimate = mean_term(model, "gradient-penalty", draws=600)
    assert estimate == pytest.approx(expected, rel=0.06)
