"""Models that pythae saved: they are read back to what pythae itself makes of samples."""

import logging
import os
import pickle
import sys
import warnings

import pytest
import torch

from samplebench import Continuous, Discrete
from samplebench.checks import check_part, render
from samplebench.cli import main
from samplebench.registry.loading import load_parts

SHAPE = (1, 16, 16)
KINDS = {
    "AE": "AEConfig",
    "RAE_L2": "RAE_L2_Config",
    "RAE_GP": "RAE_GP_Config",
    "WAE_MMD": "WAE_MMD_Config",
    "VAE": "VAEConfig",
    "BetaVAE": "BetaVAEConfig",
    "BetaTCVAE": "BetaTCVAEConfig",
    "DisentangledBetaVAE": "DisentangledBetaVAEConfig",
    "INFOVAE_MMD": "INFOVAE_MMD_Config",
    "MSSSIM_VAE": "MSSSIM_VAEConfig",
    "VAMP": "VAMPConfig",
    "Adversarial_AE": "Adversarial_AE_Config",
    "VAEGAN": "VAEGANConfig",
    "SVAE": "SVAEConfig",
    "VAE_LinNF": "VAE_LinNF_Config",
    "VAE_IAF": "VAE_IAF_Config",
    "VQVAE": "VQVAEConfig",
}


@pytest.fixture(scope="module")
def models():
    """Imported by the worker that needs it: it takes seconds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pythae's own, and those of its dependencies
        return pytest.importorskip("pythae.models")


@pytest.fixture
def saved(models, tmp_path):
    """``saved(kind, **settings)``: a random model in a folder, and the part that reads it."""

    def saved(kind="VAE", *, networks=None, **settings):
        given = {"input_dim": SHAPE, "latent_dim": 4, **settings}
        config = getattr(models, KINDS[kind])(**given)
        model = getattr(models, kind)(config, **(networks or {})).eval()
        model.save(str(tmp_path / kind))
        return model, f"pythae(path={str(tmp_path / kind)!r})"

    return saved


def build(spec, shape=SHAPE):
    return load_parts().autoencoders.choose(spec)[0].build(shape).eval()


@pytest.mark.parametrize("kind", KINDS)
def test_a_reconstruction_is_that_of_the_librarys_own_forward_at_the_posterior_mean(
    saved, kind, monkeypatch
):
    settings = {"latent_dim": 8, "num_embeddings": 10} if kind == "VQVAE" else {}
    shape = (1, 28, 28) if kind == "MSSSIM_VAE" else SHAPE
    model, spec = saved(kind, input_dim=shape, **settings)
    for name, mean in (("_sample_gauss", lambda mu, std: (mu, mu)),):
        if hasattr(model, name):
            monkeypatch.setattr(model, name, mean)
    if kind == "SVAE":
        monkeypatch.setattr(model, "_sample_von_mises", lambda mean, concentration: mean)
    samples = torch.rand(6, *shape)
    read = build(spec, shape)
    with torch.no_grad():
        latents = read.encode(samples)
        decoded = read.decode(latents)
    expected = model({"data": samples}).recon_x.detach().view_as(samples)
    torch.testing.assert_close(decoded, expected, rtol=0, atol=1e-6)
    assert latents.space == (Discrete((10,), (8,)) if kind == "VQVAE" else Continuous(4))


def test_a_codebook_of_moving_averages_is_read_too(saved):
    model, spec = saved("VQVAE", latent_dim=8, num_embeddings=10, use_ema=True)
    samples = torch.rand(6, *SHAPE)
    read = build(spec)
    with torch.no_grad():
        decoded = read.decode(read.encode(samples))
        expected = model({"data": samples}).recon_x
    torch.testing.assert_close(decoded, expected.view_as(decoded), rtol=0, atol=1e-6)


def test_arrays_are_taken_as_images_are(saved):
    model, spec = saved("AE", input_dim=(12,))
    samples = torch.rand(6, 12)
    read = build(spec, (12,))
    with torch.no_grad():
        decoded = read.decode(read.encode(samples))
        expected = model({"data": samples}).recon_x
    torch.testing.assert_close(decoded, expected.view_as(decoded), rtol=0, atol=1e-6)


@pytest.mark.parametrize("kind", ["VAE", "VQVAE"])
def test_the_kit_has_nothing_to_say_against_them(saved, kind):
    _, spec = saved(kind)
    outcomes = check_part(load_parts().autoencoders.choose(spec)[0], shapes=[SHAPE])
    failed = [outcome for outcome in outcomes if outcome.status == "failed"]
    assert not failed, render(outcomes)


def test_samples_of_another_shape_are_refused_with_both_shapes(saved):
    _, spec = saved()
    with pytest.raises(Exception, match="a model of samples 1×16×16, and these are 3×32×32"):
        build(spec, (3, 32, 32))


class Boom:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return os.mkdir, (str(self.trace),)


def test_a_makers_own_network_is_not_unpickled_unless_it_is_trusted(saved, tmp_path):
    _, spec = saved()
    folder, trace = tmp_path / "VAE", tmp_path / "trace"
    (folder / "encoder.pkl").write_bytes(pickle.dumps(Boom(trace)))
    build(spec)  # its configuration says that there is none
    config = (folder / "model_config.json").read_text()
    changed = config.replace('"uses_default_encoder": true', '"uses_default_encoder": false')
    (folder / "model_config.json").write_text(changed)
    with pytest.raises(Exception, match=r"encoder.pkl is a pickle .* give trust_pickles=True"):
        build(spec)
    assert not trace.exists()


def test_malicious_weights_run_nothing(saved, tmp_path):
    _, spec = saved()
    trace = tmp_path / "trace"
    torch.save({"model_state_dict": Boom(trace)}, tmp_path / "VAE" / "model.pt")
    with pytest.raises(Exception, match="cannot be built"):
        build(spec)
    assert not trace.exists()


def test_a_makers_own_network_is_read_where_it_is_trusted(models, saved):
    from pythae.models.nn.benchmarks.mnist import Decoder_Conv_AE_MNIST, Encoder_Conv_AE_MNIST

    config = models.AEConfig(input_dim=(1, 28, 28), latent_dim=4)
    networks = {"encoder": Encoder_Conv_AE_MNIST(config), "decoder": Decoder_Conv_AE_MNIST(config)}
    model, spec = saved("AE", input_dim=(1, 28, 28), networks=networks)
    samples = torch.rand(3, 1, 28, 28)
    read = build(spec.replace(")", ", trust_pickles=True)"), (1, 28, 28))
    with torch.no_grad():
        decoded = read.decode(read.encode(samples))
        expected = model({"data": samples}).recon_x
    torch.testing.assert_close(decoded, expected, rtol=0, atol=1e-6)


def test_an_old_torch_is_refused(saved, monkeypatch):
    _, spec = saved()
    monkeypatch.setattr(torch, "__version__", "2.5.1+cpu")
    with pytest.raises(Exception, match=r"torch 2.5.1\+cpu cannot read without the risk"):
        build(spec)


def test_a_density_is_no_autoencoder(saved, tmp_path):
    _, spec = saved()
    (tmp_path / "VAE" / "model_config.json").write_text('{"name": "MAFConfig"}')
    with pytest.raises(Exception, match="holds a MAFConfig, which is no autoencoder"):
        build(spec)


def test_it_stands_in_a_board_as_trained_elsewhere(saved, tmp_path, monkeypatch):
    _, spec = saved()
    monkeypatch.chdir(tmp_path)
    words = ["--suite", "smoke", "--workspace", "cache", "--results", "mine", "--seeds", "0"]
    grid = ["--autoencoder", spec, "--sampler", "gaussian", "--metric", "sliced-wasserstein"]
    assert main(["run", *words, *grid, "--quiet"]) == 0
    board = (tmp_path / "mine" / "smoke.md").read_text()
    assert "(trained elsewhere, weights " in board
    assert "learning rate" not in board


def test_a_library_that_is_absent_is_told_in_one_sentence(saved, monkeypatch):
    _, spec = saved()
    monkeypatch.setitem(sys.modules, "pythae.models", None)
    with pytest.raises(Exception, match=r"needs the library pythae: pip install 'samplebench\["):
        build(spec)


def test_loading_changes_no_logger_of_ours(saved):
    _, spec = saved()
    before = logging.getLogger().level
    build(spec)
    assert logging.getLogger().level == before
