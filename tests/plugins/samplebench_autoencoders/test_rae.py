"""The regularised autoencoder's terms, one by one, and its spectral norms by singular values."""

import pytest
import torch

from samplebench import seeded
from samplebench_autoencoders.ae import PlainAutoencoder
from samplebench_autoencoders.rae import RegularisedAutoencoder

REGULARISERS = ("gradient-penalty", "l2", "spectral-norm", "none")


def some_images(count=6):
    with seeded(0, "images"):
        return torch.rand(count, 1, 8, 8)


def built(regulariser, seed=0, **settings):
    with seeded(seed, "build"):
        return RegularisedAutoencoder(
            (1, 8, 8), latent=3, width=4, regulariser=regulariser, **settings
        )


def terms(model):
    return {name: float(t.detach()) for name, t in model.loss_terms(some_images()).items()}


@pytest.mark.parametrize("regulariser", REGULARISERS)
def test_the_latent_term_is_half_beta_times_the_squared_length(regulariser):
    model = built(regulariser, beta=0.3).eval()
    lengths = [float(z.detach().norm()) for z in model.encoder(some_images())]
    expected = 0.15 * sum(length**2 for length in lengths) / len(lengths)
    assert terms(model)["embedding"] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("regulariser", REGULARISERS)
def test_the_loss_has_a_term_for_the_gradient_penalty_and_for_l2_alone(regulariser):
    own = {regulariser} & {"gradient-penalty", "l2"}
    assert terms(built(regulariser)).keys() == {"reconstruction", "embedding"} | own


def test_without_a_weight_for_anything_it_is_the_plain_autoencoder():
    plain = PlainAutoencoder((1, 8, 8), latent=3, width=4).eval()
    for regulariser in ("gradient-penalty", "l2", "none"):
        model = built(regulariser, beta=0.0, weight=0.0).eval()
        model.load_state_dict(plain.state_dict())
        expected = terms(plain)["reconstruction"]
        assert sum(terms(model).values()) == pytest.approx(expected, rel=1e-6)


def test_l2_is_the_sum_of_the_decoders_squared_weights():
    model = built("l2", weight=0.5)
    state = model.decoder.state_dict()
    kernels = [weight.double() for name, weight in state.items() if weight.ndim > 1]
    expected = 0.5 * sum(float((kernel**2).sum()) for kernel in kernels)
    assert len(kernels) == 2  # one linear layer, one transposed convolution
    assert terms(model)["l2"] == pytest.approx(expected, rel=1e-5)


def test_training_brings_every_spectral_norm_of_the_decoder_to_one():
    model = built("spectral-norm", backbone="resnet").train()
    for _ in range(60):
        model.loss_terms(some_images())
    checked = 0
    for layer in model.eval().decoder.modules():
        if isinstance(layer, torch.nn.Linear | torch.nn.Conv2d):
            matrix = layer.weight.flatten(1)
        elif isinstance(layer, torch.nn.ConvTranspose2d):
            matrix = layer.weight.transpose(0, 1).flatten(1)
        else:
            continue
        largest = float(torch.linalg.svdvals(matrix.detach())[0])
        assert largest == pytest.approx(1, abs=1e-3)
        checked += 1
    assert checked >= 4


def test_only_the_decoder_is_normalised():
    names = built("spectral-norm").state_dict()
    assert any("parametrizations" in name for name in names if name.startswith("decoder"))
    assert not any("parametrizations" in name for name in names if name.startswith("encoder"))


def test_spectral_norms_make_the_round_trip():
    trained, fresh = built("spectral-norm"), built("spectral-norm", seed=1).eval()
    optimiser = torch.optim.Adam(trained.parameters())
    for _ in range(3):
        optimiser.zero_grad()
        torch.stack(list(trained.loss_terms(some_images()).values())).sum().backward()
        optimiser.step()
    trained.eval()
    fresh.load_state_dict(trained.state_dict())
    with torch.no_grad():
        latents = trained.encode(some_images())
        assert torch.equal(fresh.decode(latents), trained.decode(latents))
