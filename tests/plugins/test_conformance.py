"""Every bundled part keeps every rule of its kind."""

import math
import os
import socket
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.io import wavfile
from torchvision.models import mobilenet_v2

from samplebench.checks import check_part, render
from samplebench.checks.toys import SHAPES
from samplebench.errors import BadSetting
from samplebench.registry.loading import load_parts
from samplebench.registry.registry import Chosen

PARTS = load_parts()
BUNDLED = [
    (part.kind, part.name)
    for registry in PARTS.registries
    for part in registry.values()
    if part.plugin.distribution == "samplebench"
]
QUICK = {
    ("features", "classifier"): "classifier(steps=5)",
    ("autoencoder", "lfq"): "lfq(width=32)",  # a narrower one decodes all codes much alike
    ("sampler", "gmm"): "gmm(components=3, restarts=1)",
    ("sampler", "flow"): "flow(transforms=2, hidden=(8,), steps=5)",
    ("sampler", "two-stage-vae"): "two-stage-vae(hidden=(8,), steps=5)",
    ("sampler", "flow-matching"): "flow-matching(width=8, blocks=1, steps=5, solver_steps=3)",
    ("sampler", "code-transformer"): "code-transformer(width=8, layers=1, heads=2, epochs=1)",
    ("sampler", "pixelcnn"): "pixelcnn(width=8, layers=2, epochs=1)",
    ("sampler", "gm-vq"): "gm-vq(components=4, epochs=2)",
    ("sampler", "dictionary"): "dictionary(atoms=8, bins=8, epochs=2)",
}
"""Settings with which a part that trains for long does not."""
ONE_SHAPE = ((1, 16, 16),)
TELLING = {
    "dataset": "reading_twice_gives_the_same",
    "autoencoder": "decoding_takes_the_whole_space",
    "sampler": "sampling_changes_nothing",
    "features": "features_draw_nothing",
    "metric": "a_measurement_is_one_finite_number",
}
"""For each kind a rule that is skipped only where there is nothing to try the part on."""


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Datasets and weights that are not here are not to be downloaded by a test."""

    def refuse(*address: object, **options: object) -> None:
        raise socket.gaierror("no test uses the network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return Path(os.environ.get("SAMPLEBENCH_TEST_DATA", tmp_path))


def chosen(kind: str, spec: str) -> Chosen:
    registry = next(registry for registry in PARTS.registries if registry.kind == kind)
    (found,) = registry.choose(spec)
    return found


def quick(kind: str, name: str) -> Chosen:
    """The part with settings that take little time: narrow networks, short training."""
    registry = next(registry for registry in PARTS.registries if registry.kind == kind)
    narrow = [
        f"{setting}=8"
        for setting in ("width", "critic_width")
        if kind == "autoencoder" and setting in registry[name].parameters
    ]
    spec = f"{name}({', '.join(narrow)})" if narrow else name
    return chosen(kind, QUICK.get((kind, name), spec))


def of_vectors(name: str) -> bool:
    settings = next(r for r in PARTS.registries if r.kind == "autoencoder")[name].parameters
    return "backbone" in settings


def broken_rules(part: Chosen, **options: object) -> str:
    """What the kit has to say against the part, or nothing; skipped with nothing to try it on."""
    outcomes = check_part(part, **options)
    if any(outcome.status == "failed" for outcome in outcomes):
        return render(outcomes)
    telling = [o for o in outcomes if o.check == TELLING[part.part.kind]]
    if not any(o.status == "passed" for o in telling):
        pytest.skip(next(o.detail for o in telling or outcomes if o.status == "skipped"))
    return ""


def test_every_bundled_plugin_loads():
    assert not [
        problem for problem in PARTS.broken if problem.distribution.startswith("samplebench ")
    ]
    assert BUNDLED


@pytest.mark.parametrize(("kind", "name"), BUNDLED)
def test_a_bundled_part_keeps_every_rule_of_its_kind(kind, name, data_dir):
    part = quick(kind, name)
    assert not broken_rules(part, data_dir=data_dir, shapes=ONE_SHAPE)


@pytest.mark.parametrize(
    "name", [name for kind, name in BUNDLED if kind == "autoencoder" and of_vectors(name)]
)
def test_an_autoencoder_with_vectors_for_latents_keeps_every_rule_on_arrays(name):
    # The default weight of info-vae's divergence is for images of hundreds of pixels.
    scale = ", scale=1.0" if name == "info-vae" else ""
    spec = f"{name}(latent=2, backbone='mlp', likelihood='gaussian'{scale})"
    part = chosen("autoencoder", spec)
    assert not broken_rules(part, shapes=((12,), (6, 5)))


def test_other_networks_and_likelihoods_refuse_arrays_with_the_way_out():
    for spec, way_out in (("vae(backbone='mlp')", "likelihood="), ("ae", "backbone='mlp'")):
        with pytest.raises(BadSetting, match=way_out):
            chosen("autoencoder", spec).build((12,))
    with pytest.raises(BadSetting, match="takes images, and these samples are arrays 12"):
        chosen("autoencoder", "vq-vae").build((12,))


def test_a_folder_of_images_keeps_every_rule_of_datasets(tmp_path):
    noise = np.random.default_rng(0)
    for number in range(60):
        folder = tmp_path / "noise" / f"class {number % 3}"
        folder.mkdir(parents=True, exist_ok=True)
        pixels = noise.integers(0, 256, (12, 12, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    part = chosen("dataset", "image-folder(path='noise', size=8)")
    assert not broken_rules(part, data_dir=tmp_path)


@pytest.mark.parametrize("dataset", ["spoken-digits(size=16)", "spoken-digit-numbers"])
def test_recordings_keep_every_rule_of_datasets(dataset, tmp_path):
    folder = tmp_path / "spoken-digits" / "recordings"
    folder.mkdir(parents=True)
    noise = np.random.default_rng(0)
    for digit in range(10):
        for index in range(10):
            sound = noise.normal(0, 0.1, 3000).astype(np.float32)
            wavfile.write(folder / f"{digit}_nobody_{index}.wav", 8000, sound)
    assert not broken_rules(chosen("dataset", dataset), data_dir=tmp_path)


@pytest.mark.parametrize("shape", [(12,), (6, 5), (2, 8, 8)])
@pytest.mark.parametrize("halves", [True, False])
def test_arrays_in_a_file_keep_every_rule_of_datasets(shape, halves, tmp_path):
    noise = np.random.default_rng(0)
    samples, labels = noise.random((90, *shape)), np.arange(90) // 18
    np.savez(tmp_path / "a.npz", samples=samples, labels=labels)
    np.savez(tmp_path / "b.npz", samples=samples[::4], labels=labels[::4])  # all in the first too
    settings = "train='a.npz', labels='a.npz'"
    if halves:
        settings += ", test='b.npz', test_labels='b.npz'"
    if len(shape) < 3:
        settings += ", standardise=True"
    assert not broken_rules(chosen("dataset", f"arrays({settings})"), data_dir=tmp_path)


@pytest.mark.parametrize("shape", [(1, 16, 16), (3, 32, 32), (12,), (6, 5)])
def test_a_network_in_a_file_keeps_every_rule_of_features(shape, tmp_path):
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(math.prod(shape), 7))
    exported = torch.export.export(
        network, (torch.zeros(2, *shape),), dynamic_shapes=({0: torch.export.Dim("samples")},)
    )
    torch.export.save(exported, tmp_path / "network.pt2")
    part = chosen("features", f"module(path={str(tmp_path / 'network.pt2')!r}, mean=0.5)")
    assert not broken_rules(part, shapes=(shape,))


def test_mobilenet_keeps_every_rule_of_features_with_random_weights(tmp_path):
    torch.save(mobilenet_v2().state_dict(), tmp_path / "random.pth")
    part = chosen("features", f"mobilenet(weights={str(tmp_path / 'random.pth')!r})")
    assert not broken_rules(part, shapes=ONE_SHAPE)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "name"),
    [(kind, name) for kind, name in BUNDLED if kind in ("autoencoder", "features")],
)
def test_a_part_for_samples_keeps_every_rule_on_every_other_shape(kind, name):
    others = [shape for shape in SHAPES if shape not in ONE_SHAPE]
    assert not broken_rules(quick(kind, name), shapes=others)
