"""Batches read in chunks, and the statistics of these."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from samplebench import Continuous, Latents
from samplebench_density.histogram import batches as module
from samplebench_density.histogram.batches import LatentBatches
from samplebench_density.vectors.statistics import Statistics

CHUNK = 8


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(module, "chunk_rows", lambda width, device: CHUNK)


def batches(sizes: list[int]) -> list[Latents]:
    """Latents that count on from batch to batch."""
    numbers = torch.arange(2.0 * sum(sizes)).reshape(-1, 2)
    return [Continuous(2).pack(values=part) for part in torch.split(numbers, sizes)]


class Lender:
    """Hands out batches in one piece of memory, which it uses again."""

    def __init__(self, sizes: list[int]) -> None:
        self.sizes = sizes

    def __iter__(self):
        memory = torch.empty(max(self.sizes), 2)
        for batch in batches(self.sizes):
            memory[: len(batch)] = batch.values
            yield Continuous(2).pack(values=memory[: len(batch)])
            memory.fill_(torch.nan)


class LendingSequence(Lender, Sequence):
    """The same of which one may also ask for the length and for single batches."""

    def __len__(self) -> int:
        return len(self.sizes)

    def __getitem__(self, index: int) -> Latents:
        return batches(self.sizes)[index]


sizes_of_batches = st.lists(st.integers(0, 3 * CHUNK), min_size=1).filter(any)


@pytest.mark.parametrize("cut", [LatentBatches.chunks, LatentBatches.blocks])
@settings(deadline=None)
@given(sizes_of_batches)
def test_chunks_are_all_rows_in_order_however_they_come(cut, sizes):
    expected = torch.arange(2.0 * sum(sizes)).reshape(-1, 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "chunk_rows", lambda width, device: CHUNK)
        patch.setattr(module, "BLOCK_NUMBERS", 2 * CHUNK)
        for source in (batches(sizes), Lender(sizes), LendingSequence(sizes)):
            stream = LatentBatches(source)
            for _ in range(2):
                chunks = [chunk.clone() for chunk in cut(stream)]
                assert all(len(chunk) == CHUNK for chunk in chunks[:-1])
                assert 0 < len(chunks[-1]) <= CHUNK
                assert torch.equal(torch.cat(chunks), expected)


def test_an_iterator_is_read_once_and_refused_a_second_time():
    stream = LatentBatches(iter(batches([3, 9])))
    assert sum(len(chunk) for chunk in stream.chunks()) == 12
    with pytest.raises(ValueError, match="only once, and are needed twice"):
        LatentBatches(iter(batches([3]))).require_two_passes()


@pytest.mark.parametrize("again", [LatentBatches.chunks, LatentBatches.blocks])
def test_batches_that_shrink_between_two_passes_are_refused(again):
    given = batches([3, 9])
    stream = LatentBatches(given)
    list(stream.chunks())
    given.pop()
    with pytest.raises(ValueError, match="held 12 latents in the first pass, and 3"):
        list(again(stream))


@pytest.mark.parametrize("none", [[], [Continuous(2).pack(values=torch.empty(0, 2))]])
def test_no_batches_and_empty_ones_are_no_latents(none):
    with pytest.raises(ValueError, match="at least one latent"):
        LatentBatches(none)


def test_batches_of_two_spaces_are_refused():
    other = Continuous(3).pack(values=torch.zeros(1, 3))
    with pytest.raises(ValueError, match="fitted to latents of"):
        list(LatentBatches([*batches([2]), other]).chunks())


def test_where_all_latents_are_needed_one_batch_is_taken_and_more_are_refused():
    assert len(LatentBatches(batches([5])).whole("a test")) == 5
    with pytest.raises(ValueError, match="a test needs all latents at once"):
        LatentBatches(batches([2, 3])).whole("a test")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_statistics_are_those_of_all_rows(dtype):
    rng = np.random.default_rng(0)
    scale, place = np.array([1.0, 1e-3, 50.0]), np.array([0.0, 1.0, 1e4])
    drift = np.linspace(0, 20, 100)[:, None]  # so that chunks differ in mean
    values = torch.from_numpy((rng.normal(size=(100, 3)) + drift) * scale + place).to(dtype)
    statistics = Statistics()
    for _ in statistics.add_each(torch.split(values, CHUNK)):
        pass
    exact = values.double().numpy()
    assert statistics.count == 100
    assert torch.equal(statistics.low, values.amin(0))
    assert torch.equal(statistics.high, values.amax(0))
    tight = {"rtol": 1e-6 if dtype == torch.float32 else 1e-12}
    np.testing.assert_allclose(statistics.mean.numpy(), exact.mean(0), **tight)
    np.testing.assert_allclose(statistics.std.numpy(), exact.std(0), rtol=30 * tight["rtol"])


def test_numbers_that_are_all_equal_have_a_std_of_0():
    """0.1, whose mean rounded to float32 is another number."""
    assert Statistics.of(torch.full((1000, 1), 0.1)).std.item() == 0
