"""Networks in files: against the same network in this process, and every wrong file refused."""

import os
import pickle
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torchvision.transforms import InterpolationMode
from torchvision.transforms.functional import resize

from samplebench import SamplebenchError, Split, WeightsMissing
from samplebench_metrics.module_file import ModuleFile
from samplebench_metrics.network_files import load_network

GREY, COLOUR, ARRAY = (1, 16, 16), (3, 16, 16), (6, 5)
CPU = torch.device("cpu")

Write = Callable[..., Path]


class Convolution(nn.Module):
    """Images of 3 channels to maps (samples, 4, height, width), normalised and thinned out."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.norm, self.drop = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout(0.5)

    def forward(self, images: Tensor) -> Tensor:
        return self.drop(self.norm(self.layer(images)).relu())


class Ending(nn.Module):
    """A network whose maps end in vectors, tokens, or something that is no tensor of floats."""

    def __init__(self, end: str) -> None:
        super().__init__()
        self.body, self.end = Convolution(), end

    def forward(self, images: Tensor):
        maps = self.body(images)
        if self.end == "vector":
            return maps.mean((2, 3))
        if self.end == "tokens":
            return maps.flatten(2).transpose(1, 2)
        if self.end == "integers":
            return maps.mean((2, 3)).long()
        if self.end == "one row":
            return maps.mean((0, 2, 3)).unsqueeze(0)
        return {"maps": maps} if self.end == "dictionary" else maps


class Arrays(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(30, 7)

    def forward(self, arrays: Tensor) -> Tensor:
        return self.layer(arrays.flatten(1))


def export(network: nn.Module, file: Path, example: Tensor, *, any_number: bool = True) -> Path:
    dynamic = ({0: torch.export.Dim("samples")},) if any_number else None
    torch.export.save(torch.export.export(network, (example,), dynamic_shapes=dynamic), file)
    return file


def script(network: nn.Module, file: Path, example: Tensor) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # files of the past are to be read
        torch.jit.save(torch.jit.trace(network, example, check_trace=False), file)
    return file


WAYS = {"torch.export": export, "TorchScript": script}


@pytest.fixture(params=WAYS)
def write(request, tmp_path) -> Write:
    """Writes a network in one of both ways, in evaluation mode."""

    def write(network: nn.Module, shape=COLOUR) -> Path:
        example = torch.rand(2, *shape)
        return WAYS[request.param](network.eval(), tmp_path / "network.pt2", example)

    return write


def samples_of(count: int, shape: tuple[int, ...]) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    drawn = torch.randint(0, 256, (count, *shape), generator=generator)
    return drawn / 255 if len(shape) == 3 else drawn / 64 - 2


def split_of(shape: tuple[int, ...], count: int = 6) -> Split:
    samples = samples_of(count, shape)
    return Split((255 * samples).round().to(torch.uint8) if len(shape) == 3 else samples)


def fitted(shape: tuple[int, ...], file: Path, **settings) -> ModuleFile:
    extractor = ModuleFile(shape, path=str(file), **settings)
    extractor.fit(split_of(shape))
    return extractor.eval()


@pytest.mark.parametrize("end", ["vector", "map", "tokens", "first-token"])
def test_features_are_what_the_network_gives_in_this_process(write, end):
    network = Ending("tokens" if end == "first-token" else end)
    extractor, images = fitted(COLOUR, write(network), output=end), samples_of(5, COLOUR)
    with torch.no_grad():
        given = network.eval()(images)
    expected = {
        "vector": given,
        "map": given.mean((-1, -2)),
        "tokens": given.mean(1),
        "first-token": given[:, 0],
    }[end]
    features = extractor.features(images)
    assert features.shape == (5, 4)
    assert torch.allclose(features, expected, atol=1e-6)
    assert (features.std(0) > 0).any()


@pytest.mark.parametrize("kind", ["bilinear", "bicubic"])
@pytest.mark.parametrize("size", [8, 32])
def test_images_are_resized_repeated_and_normalised_as_stated(write, kind, size):
    network = Ending("vector")
    mean, std = (0.4, 0.5, 0.6), (0.2, 0.3, 0.1)
    settings = {"size": size, "channels": 3, "mean": mean, "std": std, "interpolation": kind}
    file = write(network, (3, size, size))
    extractor = fitted(GREY, file, value_range=(-1.0, 1.0), **settings)
    images = samples_of(4, GREY)
    mode = InterpolationMode(kind)
    resized = resize(images, [size, size], mode, antialias=True).clamp(0, 1)
    inputs = ((2 * resized - 1) - torch.tensor(mean)[:, None, None]) / torch.tensor(std)[
        :, None, None
    ]
    with torch.no_grad():
        expected = network.eval()(inputs)
    assert torch.allclose(extractor.features(images), expected, atol=1e-5)


def test_the_resize_is_that_of_pillow_and_not_one_that_aliases():
    stripes = torch.zeros(1, 1, 64, 64)
    stripes[..., ::2] = 1
    extractor = ModuleFile((1, 64, 64), size=16)
    picture = Image.fromarray(stripes[0, 0].numpy()).resize((16, 16), Image.Resampling.BILINEAR)
    expected = torch.frombuffer(bytearray(picture.tobytes()), dtype=torch.float32).view(16, 16)
    assert (extractor._prepare(stripes)[0, 0] - expected).abs().max() < 1e-5
    assert (expected - 0.5).abs().max() < 0.1


@pytest.mark.parametrize("shape", [ARRAY, (30,), (2, 3, 5, 1)])
def test_arrays_of_any_shape_are_normalised_alone(write, shape):
    network = Arrays()
    mean = tuple(float(entry) for entry in range(shape[0]))
    extractor = fitted(shape, write(network, shape), mean=mean, std=2.0)
    arrays = samples_of(4, shape)
    shift = torch.tensor(mean).view(-1, *[1] * (len(shape) - 1))
    with torch.no_grad():
        expected = network((arrays - shift) / 2)
    assert torch.allclose(extractor.features(arrays), expected, atol=1e-5)


def test_features_do_not_depend_on_the_batch(write):
    extractor, images = fitted(COLOUR, write(Ending("vector"))), samples_of(7, COLOUR)
    alone = torch.cat([extractor.features(image[None]) for image in images])
    assert torch.allclose(extractor.features(images), alone, atol=1e-6)


def test_a_fresh_one_that_loads_its_state_gives_the_same(write, tmp_path):
    file = write(Ending("vector"))
    extractor, images = fitted(COLOUR, file), samples_of(3, COLOUR)
    save_file(extractor.state_dict(), tmp_path / "kept.safetensors")
    fresh = ModuleFile(COLOUR, path=str(file))
    fresh.load_state_dict(load_file(tmp_path / "kept.safetensors"))
    assert torch.equal(fresh.features(images), extractor.features(images))
    assert fresh.files == (file,)


def test_a_file_that_was_changed_after_the_fit_is_refused(write):
    file = write(Ending("vector"))
    state = fitted(COLOUR, file).state_dict()
    write(Ending("vector"))
    assert not torch.equal(fitted(COLOUR, file).state_dict()["digest"], state["digest"])
    fresh = ModuleFile(COLOUR, path=str(file))
    fresh.load_state_dict(state)
    with pytest.raises(WeightsMissing, match="not the file to which these features were fitted"):
        fresh.features(samples_of(1, COLOUR))


@pytest.mark.parametrize(
    ("end", "output", "complaint"),
    [
        ("map", "vector", r"gave torch.float32 \(3, 4, 14, 14\).*takes output='map'"),
        ("tokens", "vector", r"takes output='tokens' or 'first-token'"),
        ("vector", "tokens", r"\(samples, tokens, features\).*takes output='vector'"),
        ("integers", "vector", r"gave torch.int64"),
        ("one row", "vector", r"of 3 samples.*gave torch.float32 \(1, 4\)"),
    ],
)
def test_an_output_that_is_not_as_stated_is_refused(write, end, output, complaint):
    with pytest.raises(SamplebenchError, match=complaint):
        fitted(COLOUR, write(Ending(end)), output=output)


def test_an_output_that_is_no_tensor_is_refused(tmp_path):
    file = export(Ending("dictionary").eval(), tmp_path / "n.pt2", torch.rand(2, *COLOUR))
    with pytest.raises(SamplebenchError, match="gave dict: export a network that gives the one"):
        fitted(COLOUR, file)


def test_a_stated_width_is_checked_and_known_before_the_fit(write):
    file = write(Ending("vector"))
    assert ModuleFile(COLOUR, path=str(file), width=4).width == 4
    assert fitted(COLOUR, file, width=4).width == 4
    with pytest.raises(SamplebenchError, match="gives 4 features, and width=5 was stated"):
        fitted(COLOUR, file, width=5)


def test_images_that_the_network_does_not_take_are_refused_with_what_to_set(write):
    with pytest.raises(SamplebenchError, match=r"fails on a tensor \(3, 1, 16, 16\).*channels"):
        fitted(GREY, write(Ending("vector")))


def test_a_program_for_one_number_of_samples_is_refused_with_what_to_write(tmp_path):
    file = export(
        Ending("vector").eval(), tmp_path / "n.pt2", torch.rand(2, *COLOUR), any_number=False
    )
    with pytest.raises(SamplebenchError, match=r"dynamic_shapes=\(\{0: torch.export.Dim"):
        fitted(COLOUR, file)


def test_a_program_that_was_exported_in_training_mode_is_refused(tmp_path):
    network = nn.Sequential(Convolution(), nn.AdaptiveAvgPool2d(1), nn.Flatten()).train()
    file = export(network, tmp_path / "network.pt2", torch.rand(2, *COLOUR))
    with pytest.raises(SamplebenchError, match="export it in evaluation mode"):
        fitted(COLOUR, file)


class Trap:
    """An object that makes a file when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self):
        return Path.touch, (self.trace,)


@pytest.mark.parametrize("kind", ["zip", "old", "pickle", "text", "empty", "cut off"])
def test_a_file_of_another_kind_is_refused_and_not_run(kind, tmp_path):
    trace, file = tmp_path / "trace", tmp_path / "network.pt2"
    if kind in ("zip", "old", "cut off"):
        torch.save({"a": Trap(trace)}, file, _use_new_zipfile_serialization=kind != "old")
    elif kind == "pickle":
        file.write_bytes(pickle.dumps(Trap(trace)))
    else:
        file.write_bytes(b"" if kind == "empty" else b"no network")
    if kind == "cut off":
        file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(WeightsMissing, match=r"neither a TorchScript nor a torch.export file"):
        fitted(COLOUR, file)
    assert not trace.exists()
    if kind in ("zip", "old"):
        torch.load(file, weights_only=False)
        assert trace.exists()


def test_a_damaged_file_is_refused(write, tmp_path):
    file = write(Ending("vector"))
    content = bytearray(file.read_bytes())
    middle = len(content) // 8
    content[middle : 6 * middle] = os.urandom(5 * middle)
    file.write_bytes(content)
    with pytest.raises(WeightsMissing, match="cannot load"):
        load_network(file, CPU)


@pytest.mark.parametrize(("path", "complaint"), [("", "give module"), ("no.pt2", "no such file")])
def test_a_file_that_is_not_there_is_refused(path, complaint):
    with pytest.raises(WeightsMissing, match=complaint):
        ModuleFile(COLOUR, path=path).fit(split_of(COLOUR))


@pytest.mark.parametrize(
    ("shape", "settings", "complaint"),
    [
        (GREY, {"size": 0}, "size must be at least 1"),
        (GREY, {"std": 0.0}, "std must be positive"),
        (GREY, {"std": (0.1, 0.1, 0.1)}, "channels=3 repeats grey images"),
        (GREY, {"value_range": (1.0, 1.0)}, "from low to high"),
        (COLOUR, {"channels": 1}, "only grey images are repeated"),
        (COLOUR, {"mean": (0.1, 0.1)}, "2 numbers, and the network is given 3 channels"),
        (ARRAY, {"size": 8}, "are for images"),
        (ARRAY, {"channels": 3}, "are for images"),
        (ARRAY, {"value_range": (-1.0, 1.0)}, "are for images"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(shape, settings, complaint):
    with pytest.raises(ValueError, match=complaint):
        ModuleFile(shape, path="not read", **settings)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_on_a_gpu_the_features_are_those_of_a_cpu(write):
    extractor, images = fitted(COLOUR, write(Ending("vector"))), samples_of(4, COLOUR)
    expected = extractor.features(images)
    features = extractor.to("cuda").features(images.to("cuda"))
    assert features.device.type == "cuda"
    assert torch.allclose(features.cpu(), expected, atol=1e-2)  # TF32
