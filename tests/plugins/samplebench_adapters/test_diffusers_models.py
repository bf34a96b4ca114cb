"""Models that diffusers saved: they are read back to what diffusers itself makes of images."""

import json
import sys

import pytest
import torch
from quick_process import run_python

from samplebench import Continuous, Discrete
from samplebench.checks import check_part, render
from samplebench.cli import main
from samplebench.registry.loading import load_parts

TWO_BLOCKS = {
    "block_out_channels": (8, 16),
    "down_block_types": ("DownEncoderBlock2D",) * 2,
    "up_block_types": ("UpDecoderBlock2D",) * 2,
    "norm_num_groups": 4,
}
TINY = {
    "encoder_block_out_channels": (8, 8),
    "decoder_block_out_channels": (8, 8),
    "num_encoder_blocks": (1, 1),
    "num_decoder_blocks": (1, 1),
}
MODELS = {
    "autoencoder-kl": ("AutoencoderKL", {**TWO_BLOCKS, "latent_channels": 5}),
    "vq-model": ("VQModel", {**TWO_BLOCKS, "num_vq_embeddings": 20}),
    "autoencoder-tiny": ("AutoencoderTiny", {**TINY, "latent_channels": 2}),
}
SPACES = {
    "autoencoder-kl": Continuous(5, (8, 6)),
    "vq-model": Discrete((20,), (8, 6)),
    "autoencoder-tiny": Continuous(2, (8, 6)),
}
SHAPE = (3, 16, 12)


@pytest.fixture(scope="module")
def diffusers():
    """Imported by the worker that needs it: it takes seconds."""
    return pytest.importorskip("diffusers")


@pytest.fixture
def saved(diffusers, tmp_path):
    """``saved(part, **changes)``: a random model in a folder, and the part that reads it."""

    def saved(part, **changes):
        name, config = MODELS[part]
        model = getattr(diffusers, name)(**{**config, **changes}).eval()
        model.save_pretrained(tmp_path / part)
        return model, f"{part}(path={str(tmp_path / part)!r})"

    return saved


def build(spec, shape=SHAPE):
    return load_parts().autoencoders.choose(spec)[0].build(shape).eval()


@pytest.mark.parametrize("part", ["autoencoder-kl", "vq-model"])
@pytest.mark.parametrize("changes", [{}, {"in_channels": 1, "out_channels": 1}])
def test_a_reconstruction_is_that_of_the_librarys_own_forward(saved, part, changes):
    model, spec = saved(part, **changes)
    shape = (changes.get("in_channels", 3), *SHAPE[1:])
    images = torch.rand(5, *shape, dtype=torch.float64)
    read = build(spec, shape).double()
    with torch.no_grad():
        expected = model.double()(images * 2 - 1).sample
        latents = read.encode(images)
        torch.testing.assert_close(read.decode(latents), (expected / 2 + 0.5).clamp(0, 1))
    assert latents.space == SPACES[part]


def test_a_tiny_models_reconstruction_is_that_of_the_library_without_its_8_bits(saved):
    model, spec = saved("autoencoder-tiny")
    images = torch.rand(5, *SHAPE, dtype=torch.float64)
    read = build(spec).double()
    with torch.no_grad():
        latents = read.encode(images)
        expected = model.double().decode(model.encode(images * 2 - 1).latents).sample
        torch.testing.assert_close(read.decode(latents), (expected / 2 + 0.5).clamp(0, 1))
    assert latents.space == SPACES["autoencoder-tiny"]


def test_a_latent_is_the_posterior_mean_with_its_channels_last(saved):
    model, spec = saved("autoencoder-kl")
    images = torch.rand(3, *SHAPE)
    with torch.no_grad():
        mean = model.encode(images * 2 - 1).latent_dist.mean  # (images, channels, *grid)
        values = build(spec).encode(images).values
    torch.testing.assert_close(values[1, 2, 3], mean[1, :, 2, 3], rtol=1e-4, atol=1e-5)


def test_codes_are_looked_up_where_the_model_wants_codes(saved):
    model, spec = saved("vq-model", lookup_from_codebook=True)
    images = torch.rand(5, *SHAPE, dtype=torch.float64)
    read = build(spec).double()
    with torch.no_grad():
        latents = read.encode(images)
        expected = model.double()(images * 2 - 1).sample
        torch.testing.assert_close(read.decode(latents), (expected / 2 + 0.5).clamp(0, 1))
    assert len(latents.codes.unique()) > 1


def test_a_grey_image_is_shown_to_a_model_of_colours_as_the_colour_grey(saved):
    model, spec = saved("autoencoder-kl")
    grey = torch.rand(4, 1, 16, 12, dtype=torch.float64)
    read = build(spec, (1, 16, 12)).double()
    with torch.no_grad():
        expected = model.double()(grey.repeat(1, 3, 1, 1) * 2 - 1).sample.mean(1, keepdim=True)
        decoded = read.decode(read.encode(grey))
    torch.testing.assert_close(decoded, (expected / 2 + 0.5).clamp(0, 1))


def test_a_model_in_half_precision_is_read_in_single(saved, tmp_path):
    model, spec = saved("autoencoder-kl")
    model.half().save_pretrained(tmp_path / "autoencoder-kl")
    assert {weight.dtype for weight in build(spec).state_dict().values()} == {torch.float32}


@pytest.mark.parametrize("part", MODELS)
def test_the_kit_has_nothing_to_say_against_them(saved, part):
    _, spec = saved(part)
    outcomes = check_part(load_parts().autoencoders.choose(spec)[0], shapes=[SHAPE])
    assert not [outcome for outcome in outcomes if outcome.status == "failed"], render(outcomes)
    skipped = {o.detail for o in outcomes if o.check == "training_lowers_the_loss"}
    assert skipped == {"it is not trained here: it is complete once it is built"}


@pytest.mark.parametrize(
    ("part", "shape", "reason"),
    [
        ("vq-model", (3, 15, 12), "multiples of 2, and these samples are images 3×15×12"),
        ("vq-model", (2, 16, 12), "takes images of 3 channels, or grey ones"),
        ("vq-model", (12,), "takes images, and these samples are arrays 12"),
        ("autoencoder-kl", (3, 16, 13), "multiples of 2"),
        ("autoencoder-tiny", (3, 16, 13), "multiples of 2"),
    ],
)
def test_images_that_do_not_fit_are_refused_with_a_reason(saved, part, shape, reason):
    _, spec = saved(part)
    with pytest.raises(Exception, match=reason):
        build(spec, shape)


def test_what_is_no_such_model_is_refused_with_a_reason(saved, tmp_path):
    _, spec = saved("vq-model")
    with pytest.raises(Exception, match="of the class 'VQModel', and this part reads 'Autoenc"):
        build(spec.replace("vq-model(", "autoencoder-kl("))
    (weights,) = (tmp_path / "vq-model").glob("*.safetensors")
    weights.rename(weights.with_suffix(".bin"))
    with pytest.raises(Exception, match="holds no safetensors file; other files of weights could"):
        build(spec)
    (tmp_path / "vq-model" / "config.json").write_text("{")
    with pytest.raises(Exception, match="is damaged: it is not JSON"):
        build(spec)
    (tmp_path / "vq-model" / "config.json").unlink()
    with pytest.raises(Exception, match=r"holds no saved model: it has no config.json"):
        build(spec)
    with pytest.raises(Exception, match="no folder is at 'nowhere'"):
        build("vq-model(path='nowhere')")
    with pytest.raises(Exception, match=r"say where the model is .*: vq-model\(path='DIR'\)"):
        build("vq-model")


def test_a_model_of_a_pipeline_lies_in_a_folder_of_it(saved, tmp_path):
    model, _ = saved("vq-model")
    model.save_pretrained(tmp_path / "pipeline" / "movq")
    read = build(f"vq-model(path={str(tmp_path / 'pipeline')!r}, subfolder='movq')")
    assert torch.equal(read.state_dict()["model.quant_conv.bias"], model.quant_conv.bias)


def test_a_model_on_the_hub_is_taken_from_the_cache_first(saved, tmp_path, monkeypatch):
    hub = pytest.importorskip("huggingface_hub")
    saved("vq-model")
    asked = []

    def download(repository, *, revision, allow_patterns, local_files_only=False):
        asked.append((repository, revision, local_files_only))
        if local_files_only:
            raise hub.errors.LocalEntryNotFoundError("not in the cache")
        return str(tmp_path / "vq-model")

    monkeypatch.setattr(hub, "snapshot_download", download)
    build("vq-model(path='hf://owner/name@v1')")
    assert asked == [("owner/name", "v1", True), ("owner/name", "v1", False)]


def test_they_stand_in_a_board_as_trained_elsewhere(saved, tmp_path, monkeypatch):
    _, spec = saved("vq-model", in_channels=1, out_channels=1)
    monkeypatch.chdir(tmp_path)
    words = ["--suite", "smoke", "--workspace", "cache", "--results", "mine", "--seeds", "0"]
    grid = ["--autoencoder", spec, "--sampler", "code-histogram", "--metric", "sliced-wasserstein"]
    assert main(["run", *words, *grid, "--quiet"]) == 0
    board = (tmp_path / "mine" / "smoke.md").read_text()
    assert "(trained elsewhere, weights " in board
    assert "learning rate" not in board


def test_a_library_that_is_absent_is_told_in_one_sentence(saved, monkeypatch):
    _, spec = saved("vq-model")
    monkeypatch.setitem(sys.modules, "diffusers", None)
    with pytest.raises(
        Exception, match=r"needs the library diffusers: pip install 'samplebench\["
    ):
        build(spec)


def test_loading_the_plugin_imports_no_library():
    code = (
        "import sys, json; from samplebench.registry.loading import load_parts; "
        "parts = load_parts(); "
        "print(json.dumps(['vq-model' in parts.autoencoders, "
        "*({'diffusers', 'pythae', 'huggingface_hub'} & set(sys.modules))]))"
    )
    told = run_python(code)
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout) == [True]
