"""The autoencoder around a bottleneck: its data flow and the terms of its loss."""

from collections.abc import Mapping

import pytest
import torch
from torch import Tensor, nn

from samplebench import Continuous, Latents, LatentSpace, seeded
from samplebench.autoencoder_training import train_autoencoder
from samplebench.networks import (
    Bottleneck,
    BottleneckAutoencoder,
    Coded,
    Sites,
    reconstruction_loss,
)
from samplebench.training import Budget

SHAPE = (2, 8, 12)


class Open(Bottleneck):
    """A bottleneck that passes everything on, and records its calls."""

    def __init__(self, channels: int = 3) -> None:
        super().__init__()
        self.channels = channels
        self.scale = nn.Parameter(torch.ones(()))
        self.calls: list[object] = []

    def space(self, grid: tuple[int, ...]) -> LatentSpace:
        return Continuous(self.channels, grid)

    def encode(self, sites: Sites) -> Coded:
        return Coded(values=sites * self.scale)

    def decode(self, latents: Latents) -> Sites:
        return latents.values.flatten(1, -2) / self.scale

    def forward(self, sites: Sites) -> tuple[Sites, Mapping[str, Tensor]]:
        return sites, {"size": sites.square().mean() * self.scale}

    def begin(self, sites: Sites) -> None:
        self.calls.append(tuple(sites.shape))

    def before_step(self, done: float) -> None:
        self.calls.append(done)


@pytest.fixture
def images() -> Tensor:
    with seeded(0, "images"):
        return torch.rand(5, *SHAPE)


def build(**settings) -> BottleneckAutoencoder:
    with seeded(0, "network"):
        return BottleneckAutoencoder(SHAPE, Open(), width=8, **settings).eval()


@pytest.mark.parametrize("likelihood", ["mse", "bernoulli", "laplace", "gaussian"])
def test_a_bottleneck_that_keeps_everything_changes_nothing(likelihood, images):
    model = build(likelihood=likelihood)
    assert model.latent_space == Continuous(3, (2, 3))
    outputs, _ = model.reconstruct(images)
    decoded = model.decode(model.encode(images))
    shown = {"bernoulli": torch.sigmoid}.get(likelihood, lambda means: means.clamp(0, 1))
    torch.testing.assert_close(decoded, shown(outputs))
    torch.testing.assert_close(outputs, model.decoder(model.encoder(images)))


def test_sites_are_the_channels_at_each_position_row_by_row(images):
    model = build()
    features = model.encoder(images)  # (5, 3, 2, 3)
    latents = model.encode(images)
    for row in range(2):
        for column in range(3):
            assert torch.equal(latents.values[:, row, column], features[:, :, row, column])


def test_the_loss_is_the_error_over_the_datas_variance_and_the_bottlenecks_terms(images):
    model = build()
    model.begin_training(images)
    terms = {name: float(term.detach()) for name, term in model.loss_terms(images).items()}
    error = (model.decoder(model.encoder(images)) - images).square().mean() / images.var()
    assert terms["reconstruction"] == pytest.approx(float(error.detach()), rel=1e-5)
    size = model.encoder(images).square().mean()
    assert terms["size"] == pytest.approx(float(size.detach()), rel=1e-5)


@pytest.mark.parametrize("likelihood", ["bernoulli", "laplace", "gaussian"])
def test_other_likelihoods_count_in_nats_a_pixel_value(likelihood, images):
    model = build(likelihood=likelihood)
    model.begin_training(images)
    outputs, _ = model.reconstruct(images)
    term = model.loss_terms(images)["reconstruction"]
    torch.testing.assert_close(
        term, reconstruction_loss(likelihood, outputs, images) / (2 * 8 * 12)
    )


def test_the_bottleneck_is_called_at_the_start_and_before_each_step(images):
    model = build()
    train_autoencoder(model, images, Budget(steps=2, batch=5))
    assert model.bottleneck.calls == [(5, 6, 3), 0.0, 0.5]


def test_it_learns(images):
    images = images[:, :, :1, :1].expand(5, *SHAPE)  # of one shade each
    model = build()
    model.begin_training(images)
    before = float(model.loss_terms(images)["reconstruction"].detach())
    train_autoencoder(model, images, Budget(steps=100, batch=5, learning_rate=1e-2))
    after = float(model.loss_terms(images)["reconstruction"].detach())
    assert after < 0.5 * before


def test_the_outputs_are_linear_in_the_last_weight(images):
    model = build()
    outputs, _ = model.reconstruct(images)
    with torch.no_grad():
        model.last_weight.mul_(3)
    bias = model.decoder[-2].bias[:, None, None]
    torch.testing.assert_close(model.reconstruct(images)[0] - bias, 3 * (outputs - bias))
