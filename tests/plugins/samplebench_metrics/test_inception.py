"""Inception's features against torch-fidelity's own, on weights of random values."""

import hashlib
from pathlib import Path

import pytest
import torch
import torch_fidelity
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch_fidelity import feature_extractor_inceptionv3 as theirs

from samplebench import Split, WeightsMissing
from samplebench_metrics import inception_weights
from samplebench_metrics.frechet_distance import FrechetDistance
from samplebench_metrics.inception import Inception
from samplebench_metrics.inception_network import InceptionNetwork

SOME = Split(torch.zeros(2, 1, 8, 8, dtype=torch.uint8))
GREY, COLOUR = (1, 8, 8), (3, 8, 8)


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    """A weights file with the names and shapes of the official one, and random values."""
    torch.manual_seed(0)
    state = InceptionNetwork().state_dict()
    for name, tensor in state.items():
        if name.endswith(("running_var", "bn.weight")):
            tensor.uniform_(0.5, 1.5)
        elif tensor.ndim > 1:
            tensor.normal_(std=(2 / tensor[0].numel()) ** 0.5)
        elif tensor.is_floating_point():
            tensor.normal_(std=0.1)
    file = tmp_path_factory.mktemp("weights") / "random.pth"
    torch.save(state, file)
    return file


@pytest.fixture
def hub(tmp_path, monkeypatch) -> Path:
    """An empty checkpoint folder of torch hub, and nothing to download."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.delenv("SAMPLEBENCH_SITE_DATA", raising=False)
    monkeypatch.setattr(theirs, "URL_INCEPTION_V3", (tmp_path / "nowhere.pth").as_uri())
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return folder


def bytes_of(count: int, channels: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, channels, 8, 8), dtype=torch.uint8, generator=generator)


def official(file: Path, monkeypatch) -> None:
    """From now on this file is the official one."""
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    monkeypatch.setattr(inception_weights, "OFFICIAL_SHA256", digest[:8])


@pytest.mark.parametrize(("shape", "channels"), [(GREY, 1), (COLOUR, 3)])
def test_its_features_are_torch_fidelitys(weights, shape, channels):
    extractor = Inception(shape, weights=str(weights))
    extractor.fit(SOME)
    images = bytes_of(2, channels)
    reference = theirs.FeatureExtractorInceptionV3(
        "reference", ["2048"], feature_extractor_weights_path=str(weights)
    )
    (expected,) = reference(images.expand(-1, 3, -1, -1))
    features = extractor.features(images / 255)
    assert features.shape == (2, 2048)
    assert (features - expected).abs().max() < 1e-6 * expected.abs().max()


class Colour(torch.utils.data.Dataset):
    """The kind of dataset that torch-fidelity reads."""

    def __init__(self, images: Tensor) -> None:
        self.samples = images

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> Tensor:
        return self.samples[index].expand(3, -1, -1)


@pytest.mark.slow
def test_the_distance_is_torch_fidelitys_from_images_on(make_evidence, weights):
    generated, test = bytes_of(12, 1, seed=1), bytes_of(10, 1, seed=2)
    expected = torch_fidelity.calculate_metrics(
        input1=Colour(generated),
        input2=Colour(test),
        fid=True,
        feature_extractor_weights_path=str(weights),
        cuda=False,
        cache=False,
        verbose=False,
        save_cpu_ram=True,
    )["frechet_inception_distance"]
    extractor = Inception(GREY, weights=str(weights))
    extractor.fit(SOME)
    features = {
        "generated": extractor.features(generated / 255),
        "test": extractor.features(test / 255),
    }
    evidence = make_evidence(features=features)
    assert FrechetDistance().measure(evidence) == pytest.approx(expected, rel=1e-6)


def test_a_fresh_one_that_loads_its_state_gives_the_same(weights, tmp_path, monkeypatch):
    official(weights, monkeypatch)
    fitted = Inception(GREY, weights=str(weights))
    fitted.fit(SOME)
    save_file(fitted.state_dict(), tmp_path / "kept.safetensors")
    fresh = Inception(GREY, weights="not looked at")
    assert fresh.titles == {}
    fresh.load_state_dict(load_file(tmp_path / "kept.safetensors"))
    images = bytes_of(1, 1) / 255
    assert torch.equal(fresh.features(images), fitted.features(images))
    assert fresh.titles == fitted.titles == {"FD": "FID", "rFD": "rFID"}


def test_other_weights_than_the_official_ones_are_not_called_fid(weights):
    extractor = Inception(GREY, weights=str(weights))
    extractor.fit(SOME)
    assert extractor.titles == {}


def test_building_one_draws_no_random_number_and_needs_no_file(hub):
    state = torch.get_rng_state()
    Inception(GREY)
    assert torch.equal(torch.get_rng_state(), state)
    assert not list(hub.iterdir())


def test_the_official_file_in_the_hub_folder_is_taken(hub, weights, monkeypatch):
    official(weights, monkeypatch)
    (hub / "nowhere.pth").symlink_to(weights)
    extractor = Inception(GREY)
    extractor.fit(SOME)
    assert extractor.features(bytes_of(1, 1) / 255).any()
    assert extractor.titles == {"FD": "FID", "rFD": "rFID"}


def test_another_file_in_the_place_of_the_official_one_is_refused(hub, weights):
    (hub / "nowhere.pth").symlink_to(weights)
    with pytest.raises(WeightsMissing, match=r"does not begin with 6726825d.*delete it"):
        Inception(GREY).fit(SOME)


def test_the_sites_file_is_taken_if_the_user_has_none(hub, weights, tmp_path, monkeypatch):
    official(weights, monkeypatch)
    monkeypatch.setenv("SAMPLEBENCH_SITE_DATA", str(tmp_path / "site"))
    shared = tmp_path / "site" / "hub" / "checkpoints" / "nowhere.pth"
    shared.parent.mkdir(parents=True)
    shared.symlink_to(weights)
    assert Inception(GREY).files == Inception(GREY).fetch() == (shared,)
    (hub / "nowhere.pth").symlink_to(weights)
    assert Inception(GREY).files == (hub / "nowhere.pth",)


def test_the_official_file_is_downloaded_once(hub, weights, monkeypatch):
    official(weights, monkeypatch)
    monkeypatch.setattr(theirs, "URL_INCEPTION_V3", weights.as_uri())
    file = hub / weights.name
    assert Inception(GREY).fetch() == (file,)
    assert file.read_bytes() == weights.read_bytes()
    monkeypatch.setattr(torch.hub, "download_url_to_file", None)
    assert Inception(GREY).fetch() == (file,)


def test_a_download_of_something_else_is_refused(hub, weights, monkeypatch):
    monkeypatch.setattr(theirs, "URL_INCEPTION_V3", weights.as_uri())
    with pytest.raises(WeightsMissing, match="invalid hash value"):
        Inception(GREY).fit(SOME)
    assert not list(hub.iterdir())


def test_without_weights_and_network_the_error_names_the_file_and_the_alternatives(hub):
    with pytest.raises(WeightsMissing) as caught:
        Inception(GREY).fit(SOME)
    for part in (str(hub / "nowhere.pth"), "weights='PATH'", "'classifier'", "'random-conv'"):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "there is no such file"),
        (b"", "cannot be read"),
        (b"no weights at all", "cannot be read"),
        ({}, "something other"),
        ({"Conv2d_1a_3x3.conv.weight": "a text"}, "something other"),
        (torch.zeros(3), "something other"),
        ({"fc.bias": torch.zeros(1008)}, "does not hold the weights.*Missing key"),
    ],
)
def test_a_wrong_file_is_refused_with_the_reason(tmp_path, content, complaint):
    file = tmp_path / "given.pth"
    if isinstance(content, bytes):
        file.write_bytes(content)
    elif content is not None:
        torch.save(content, file)
    with pytest.raises(WeightsMissing, match=complaint):
        Inception(GREY, weights=str(file)).fit(SOME)


class Code:
    """An object that makes a file when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self):
        return Path.touch, (self.trace,)


def test_code_in_a_weights_file_is_not_run(tmp_path):
    trace, file = tmp_path / "trace", tmp_path / "given.pth"
    torch.save({"fc.bias": Code(trace)}, file)
    with pytest.raises(WeightsMissing, match="cannot be read"):
        Inception(GREY, weights=str(file)).fit(SOME)
    assert not trace.exists()
    torch.load(file, weights_only=False)
    assert trace.exists()


def test_images_of_two_channels_are_refused():
    with pytest.raises(ValueError, match="1 or 3 channels, not 2"):
        Inception((2, 8, 8))
