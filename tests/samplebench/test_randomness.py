"""Streams of random numbers: one for each seed and labels, restored after the block."""

import hashlib
import random

import numpy as np
import pytest
import torch

from samplebench import seeded

DRAWS = {
    "torch": lambda: torch.rand(8).tolist(),
    "numpy.random": lambda: np.random.random(8).tolist(),
    "random": lambda: [random.random() for _ in range(8)],
}
each_generator = pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)


@each_generator
def test_the_same_seed_and_labels_give_the_same_stream(draw):
    with seeded(3, "fit"):
        first = draw()
    with seeded(3, "fit"):
        assert draw() == first


@each_generator
def test_every_seed_and_every_label_has_a_stream_of_its_own(draw):
    keys = [(3,), (4,), (3, "fit"), (3, "sample"), (3, "fit", "sample"), (3, "fitsample"), (-3,)]
    streams = []
    for seed, *labels in keys:
        with seeded(seed, *labels):
            streams.append(tuple(draw()))
    assert len(set(streams)) == len(keys)


@each_generator
def test_streams_of_neighbouring_seeds_are_unrelated(draw):
    draws = []
    for seed in range(200):
        with seeded(seed, "sample"):
            draws.append(draw())
    correlation = np.corrcoef(np.array(draws).T)[~np.eye(8, dtype=bool)]
    one_lag = np.corrcoef(np.array(draws)[:-1, 0], np.array(draws)[1:, 0])[0, 1]
    assert np.abs(correlation).max() < 5 / np.sqrt(200)  # five standard errors
    assert abs(one_lag) < 5 / np.sqrt(200)


@each_generator
def test_the_outer_stream_goes_on_as_if_the_block_had_not_been(draw):
    with seeded(1, "outer"):
        undisturbed = [draw(), draw()]
    with seeded(1, "outer"):
        before = draw()
        with seeded(2, "inner"):
            draw()
        assert [before, draw()] == undisturbed


@each_generator
def test_the_outer_stream_comes_back_after_an_error(draw):
    def fails() -> None:
        with seeded(2, "inner"):
            draw()
            raise RuntimeError

    with seeded(1, "outer"):
        undisturbed = draw()
    with seeded(1, "outer"):
        with pytest.raises(RuntimeError):
            fails()
        assert draw() == undisturbed


def test_how_much_one_generator_draws_changes_no_other():
    with seeded(1, "sample"):
        alone = DRAWS["torch"]()
    with seeded(1, "sample"):
        DRAWS["numpy.random"]()
        DRAWS["random"]()
        assert DRAWS["torch"]() == alone


def test_a_stage_is_the_same_whatever_stages_ran_before():
    def stage(label: str, draws: int) -> list[float]:
        with seeded(7, label):
            return torch.rand(draws).tolist()

    alone = stage("sample", 3)
    stage("fit", 100)
    assert stage("sample", 3) == alone


def test_the_key_of_a_stream_is_the_digest_of_its_seed_and_labels():
    """Records name only seeds and labels, so this must never change."""
    key = hashlib.sha256(b"(0, ('fit',))").digest()
    expected = random.Random(key).random()
    number = np.random.RandomState(int.from_bytes(key[8:12], "little")).random()
    generator = torch.Generator().manual_seed(int.from_bytes(key[:8], "little") // 2)
    with seeded(0, "fit"):
        assert random.random() == expected
        assert np.random.random() == number
        assert torch.equal(torch.rand(5), torch.rand(5, generator=generator))


def test_the_seed_of_torch_fits_into_63_bits():
    for seed in range(50):
        with seeded(seed):
            assert 0 <= torch.initial_seed() < 2**63


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_the_streams_of_a_device_are_seeded_and_put_back():
    def draw() -> list[float]:
        return torch.rand(8, device="cuda").tolist()

    with seeded(1, "outer"):
        undisturbed = [draw(), draw()]
    with seeded(1, "outer"):
        before = draw()
        with seeded(2, "inner"):
            draw()
        assert [before, draw()] == undisturbed
