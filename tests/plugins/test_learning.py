"""Every bundled autoencoder learns: on images it never saw, as well as methods of its size."""

import importlib.util
import os
from pathlib import Path

import pytest
import torch

from samplebench import Autoencoder, Continuous, seeded
from samplebench.autoencoder_training import train_autoencoder
from samplebench.registry.loading import load_parts
from samplebench.training import Budget

ROOT = Path(__file__).parents[2]
IMAGES, HELD_OUT, EPOCHS = 10_000, 2_000, 3
PARTS = load_parts().autoencoders
BUNDLED = [
    name
    for name, part in PARTS.items()
    if part.plugin.distribution == "samplebench" and not getattr(part.factory, "trained", False)
]
NARROW = {"width": 32, "critic_width": 8}
"""As wide as two cores train in seconds."""


def _script(path: Path):
    place = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(place)
    place.loader.exec_module(module)
    return module


LEARNING = _script(ROOT / "docs" / "learning.py")


@pytest.fixture(scope="module")
def mnist():
    """Images to learn from and held-out ones, (images, 28, 28) in [0, 1]."""
    if "SAMPLEBENCH_TEST_DATA" not in os.environ:
        pytest.skip("needs MNIST under SAMPLEBENCH_TEST_DATA")
    learned, held_out = LEARNING.some_mnist(Path(os.environ["SAMPLEBENCH_TEST_DATA"]), IMAGES)
    return learned, held_out[:HELD_OUT]


@pytest.fixture(scope="module")
def yardsticks(mnist):
    return LEARNING.Yardsticks(*mnist)


def as_tensor(images) -> torch.Tensor:
    return torch.from_numpy(images).float()[:, None]


def error(autoencoder: Autoencoder, images: torch.Tensor) -> float:
    with torch.no_grad():
        return float((autoencoder.decode(autoencoder.encode(images)) - images).square().mean())


@pytest.mark.slow
@pytest.mark.shared_data
@pytest.mark.parametrize("name", BUNDLED)
def test_an_autoencoder_learns_mnist_as_well_as_a_classical_method_of_its_size(
    name, mnist, yardsticks
):
    learned, held_out = map(as_tensor, mnist)
    settings = {key: value for key, value in NARROW.items() if key in PARTS[name].parameters}
    with seeded(0, "learning"):
        autoencoder = PARTS[name].factory((1, 28, 28), **settings)
        train_autoencoder(autoencoder, learned, Budget(epochs=EPOCHS, batch=128))
    ours, space = error(autoencoder, held_out), autoencoder.latent_space
    if isinstance(space, Continuous):
        method, theirs = yardsticks.of(space, name in LEARNING.WITH_PRIOR)
        assert ours < theirs, f"{ours:.4f} against {theirs:.4f} of {method}"
    else:  # which of the two is better is shown in docs/autoencoders.md; worse than this is none
        theirs = float((held_out - learned.mean(0)).square().mean())
        assert ours < theirs / 4, f"{ours:.4f} against {theirs:.4f} of the mean image"


def test_every_autoencoder_that_is_listed_with_a_prior_is_bundled():
    """A misspelt name would leave an autoencoder with the wrong yardstick."""
    assert set(LEARNING.WITH_PRIOR) <= set(BUNDLED)


@pytest.mark.slow
@pytest.mark.shared_data
def test_yardsticks_are_the_better_the_more_room_they_have(yardsticks):
    from samplebench import Discrete

    few, many = (yardsticks.of(Continuous(size), False)[1] for size in (4, 16))
    assert many < few
    assert yardsticks.of(Continuous(16), True)[1] == few
    coarse, fine = (yardsticks.of(Discrete((size,), (7, 7)), False)[1] for size in (16, 256))
    assert fine < coarse
