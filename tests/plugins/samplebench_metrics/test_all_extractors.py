"""Rules that hold for every feature extractor that needs no file."""

import pytest
import torch
from safetensors.torch import load_file, save_file

from samplebench import FeatureExtractor, Split
from samplebench.cli import main
from samplebench_metrics import register_features

SHORT = {"classifier": {"steps": 3}, "random-conv": {}}
FACTORIES = {}
register_features(FACTORIES.__setitem__)


def train_split(shape: tuple[int, int, int]) -> Split:
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (40, *shape), dtype=torch.uint8, generator=generator)
    return Split(images, torch.arange(40) % 4)


def fitted(name: str, shape: tuple[int, int, int]) -> FeatureExtractor:
    extractor = FACTORIES[name](shape, **SHORT[name])
    extractor.fit(train_split(shape))
    return extractor


def test_all_image_extractors_without_files_keep_these_rules():
    assert set(FACTORIES) == {*SHORT, "inception", "mobilenet", "module", "raw"}


@pytest.mark.parametrize(
    ("spec", "width"),
    [
        ("inception", "2,048"),
        ("mobilenet", "1,280"),
        ("module(path='absent.pt2', width=101)", "101"),
        ("raw", "256"),
    ],
)
def test_a_plan_warns_of_fewer_samples_than_features_before_any_file_is_read(
    spec, width, capsys, tmp_path
):
    grid = ["--suite", "smoke", "--features", spec, "--results", str(tmp_path)]
    assert main(["plan", *grid]) == 0
    warning = f"'{spec}' has {width} features, and 'digits' 100 held-out samples: covariances of"
    assert warning in capsys.readouterr().err


@pytest.mark.parametrize("name", SHORT)
@pytest.mark.parametrize(
    "shape", [(1, 8, 8), (1, 16, 16), (1, 28, 28), (3, 32, 32), (3, 64, 64), (1, 11, 20)]
)
def test_features_are_finite_vectors_at_every_size(name, shape):
    features = fitted(name, shape).features(train_split(shape).samples / 255)
    assert features.shape == (40, 64)
    assert features.isfinite().all()
    assert (features.std(0) > 0).any()
    assert not features.requires_grad


@pytest.mark.parametrize("name", SHORT)
def test_features_of_an_image_do_not_depend_on_its_batch(name):
    extractor, images = fitted(name, (1, 16, 16)), train_split((1, 16, 16)).samples / 255
    together = extractor.features(images)
    in_batches = torch.cat([extractor.features(some) for some in images.split(7)])
    assert torch.allclose(together, in_batches, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", SHORT)
def test_a_fresh_one_that_loads_its_state_gives_the_same(name, tmp_path):
    shape = (1, 8, 8)
    extractor, fresh = fitted(name, shape), FACTORIES[name](shape, **SHORT[name])
    save_file(extractor.state_dict(), tmp_path / "kept.safetensors")
    fresh.load_state_dict(load_file(tmp_path / "kept.safetensors"))
    images = train_split(shape).samples / 255
    assert torch.equal(fresh.features(images), extractor.features(images))
    assert fresh.facts == extractor.facts
    assert fresh.titles == extractor.titles == {}


@pytest.mark.parametrize("name", SHORT)
def test_nothing_is_drawn_from_the_streams_outside(name):
    state = torch.get_rng_state()
    fitted(name, (1, 8, 8)).features(torch.rand(1, 1, 8, 8, generator=torch.Generator()))
    assert torch.equal(torch.get_rng_state(), state)
