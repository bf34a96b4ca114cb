"""The perceptual distance on random weights of the real shapes, read from a test's folder."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from samplebench import WeightsMissing, seeded
from samplebench.networks.perceptual import PerceptualDistance

CHANNELS = (64, 128, 256, 512, 512)


@pytest.fixture
def installed_weights(tmp_path, monkeypatch):
    """LPIPS weights in the hub's folder, and VGG-16 without its half a gigabyte of classifier."""
    from torch_fidelity import sample_similarity_lpips as source
    from torchvision.models import vgg16

    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    with seeded(0, "weights"):
        scales = {
            f"lin{place}.model.1.weight": torch.rand(1, size, 1, 1)
            for place, size in enumerate(CHANNELS)
        }
        vgg = _without_classifier(vgg16)
    (tmp_path / "checkpoints").mkdir()
    torch.save(scales, tmp_path / "checkpoints" / source.URL_VGG16_LPIPS.rpartition("/")[2])
    monkeypatch.setattr(source, "torchvision_load_pretrained_vgg16", lambda: vgg)
    return scales, vgg


def _without_classifier(vgg16):
    from torchvision.models.vgg import cfgs, make_layers

    return SimpleNamespace(features=make_layers(cfgs["D"]))


def by_hand(scales, vgg, one, other):
    """LPIPS as in its paper, in float64."""
    mean = torch.tensor([-0.030, -0.088, -0.188]).double()[:, None, None]
    std = torch.tensor([0.458, 0.448, 0.450]).double()[:, None, None]
    network = vgg.features.double()
    total = torch.zeros(()).double()
    pair = [(2 * image.double().expand(-1, 3, -1, -1) - 1 - mean) / std
            for image in (one, other)]  # fmt: skip
    place, stops = 0, (4, 9, 16, 23, 30)
    for level, stop in enumerate(stops):
        for layer in network[place:stop]:
            pair = [layer(image) for image in pair]
        place = stop
        units = [nn.functional.normalize(image, dim=1) for image in pair]
        scale = scales[f"lin{level}.model.1.weight"].double()[0]
        total = total + ((units[0] - units[1]).square() * scale).sum(1).mean()
    network.float()
    return total


def test_it_is_the_papers_distance_and_gradients_reach_the_reconstructions(installed_weights):
    with seeded(0, "images"):
        images = torch.rand(2, 1, 32, 32)
        shown = torch.rand(2, 1, 32, 32).requires_grad_()
    distance = PerceptualDistance((1, 32, 32))
    value = distance(shown, images)
    assert float(value.detach()) == pytest.approx(
        float(by_hand(*installed_weights, shown.detach(), images)), rel=1e-3
    )
    value.backward()
    assert float(shown.grad.abs().sum()) > 0
    assert float(distance(images, images)) == 0


def test_the_error_for_missing_weights_has_their_addresses(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))

    def no_network(*_, **__):
        raise OSError("no network")

    monkeypatch.setattr("torch.hub.download_url_to_file", no_network)
    with pytest.raises(WeightsMissing) as error:
        PerceptualDistance((3, 32, 32))(torch.rand(1, 3, 32, 32), torch.rand(1, 3, 32, 32))
    for word in (str(tmp_path), "vgg16", "lpips", "no network", "perceptual at 0"):
        assert word in str(error.value)


@pytest.mark.parametrize("shape", [(2, 32, 32), (1, 8, 32)])
def test_images_that_the_network_cannot_take_are_refused(shape):
    with pytest.raises(ValueError, match="1 or 3 channels and 16 pixels"):
        PerceptualDistance(shape)
