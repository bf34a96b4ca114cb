"""Cells that are counted and merged as they come."""

import numpy as np
import pytest
import torch
from scipy import stats

from samplebench import seeded
from samplebench_density.histogram import cell_counts
from samplebench_density.histogram.cell_counts import (
    SAMPLE,
    BoundedCells,
    CellCounts,
    CountedCells,
    estimate_companions,
    sample_cells,
)
from samplebench_density.histogram.frequencies import Frequencies


def rows(count: int, kinds: int, seed: int = 0) -> torch.Tensor:
    """Rows of ``kinds`` kinds, rarer and rarer, (count, 2)."""
    kind = np.random.default_rng(seed).geometric(min(1, 3 / kinds), size=count) % kinds
    return torch.from_numpy(np.stack([kind // 256, kind % 256], 1).astype(np.uint8))


def as_dict(entries: CountedCells) -> dict[tuple[int, ...], int]:
    found: dict[tuple[int, ...], int] = {}
    for row, count in zip(entries.cells.tolist(), entries.counts.tolist(), strict=True):
        found[tuple(row)] = found.get(tuple(row), 0) + count
    return found


@pytest.mark.parametrize("kinds", [1, 5, 40, 60_000])
def test_cells_are_counted_like_numpy_and_no_more_are_kept_than_needed(kinds, monkeypatch):
    monkeypatch.setattr(cell_counts, "FIRST_CHECK", 64)
    counted, given = CellCounts[CountedCells](), rows(5000, kinds)
    for chunk in torch.split(given, 16):
        counted.add(CountedCells.once(chunk))
    entries = counted.entries()
    kinds_found, counts = np.unique(given.numpy(), axis=0, return_counts=True)
    expected = dict(zip(map(tuple, kinds_found.tolist()), counts.tolist(), strict=True))
    assert as_dict(entries) == expected
    assert as_dict(entries.merge()) == expected
    assert len(entries.merge().cells) == len(expected)
    assert len(entries.cells) <= max(64, 4 * len(expected))


def test_boxes_hold_the_extremes_of_their_rows(monkeypatch):
    monkeypatch.setattr(cell_counts, "FIRST_CHECK", 64)
    given, vectors = rows(500, 9), torch.randn(500, 2)
    boxed = CellCounts[BoundedCells]()
    for cells, own in zip(torch.split(given, 16), torch.split(vectors, 16), strict=True):
        boxed.add(BoundedCells.once(cells, own))
    bins = boxed.entries().merge()
    assert len(bins.cells) == len(np.unique(given.numpy(), axis=0))
    assert int(bins.counts.sum()) == 500
    for cell, low, high in zip(bins.cells, bins.low, bins.high, strict=True):
        members = vectors[(given == cell).all(1)]
        assert torch.equal(low, members.amin(0))
        assert torch.equal(high, members.amax(0))


@pytest.mark.parametrize("order", ["in turn", "in runs"])
@pytest.mark.parametrize("kinds", [300, 30_000])
@pytest.mark.parametrize("size", [70, 10_000, 100_000])
def test_companions_are_estimated_from_a_sample_of_the_pieces(kinds, size, order):
    """Equal rows may come far apart, or one after the other."""
    given = torch.arange(100_000)[:, None] % kinds
    if order == "in runs":
        given = given.sort(0).values
    with seeded(0):
        sample = torch.cat([sample_cells(piece, 100_000) for piece in torch.split(given, size)])
    assert SAMPLE / 3 < len(sample) <= SAMPLE
    assert estimate_companions(sample, 100_000) == pytest.approx(100_000 / kinds - 1, rel=0.2)


def test_the_companions_of_all_rows_are_exact_and_a_row_is_none_of_its_own():
    given = rows(1000, 40)
    _, counts = np.unique(given.numpy(), axis=0, return_counts=True)
    expected = (counts * (counts - 1)).sum() / 1000
    assert estimate_companions(sample_cells(given, 1000), 1000) == pytest.approx(expected)
    assert estimate_companions(sample_cells(torch.arange(5)[:, None], 5), 5) == 0


def test_merging_is_left_out_where_nearly_every_row_is_alone(monkeypatch):
    monkeypatch.setattr(cell_counts, "FIRST_CHECK", 64)
    counted = CellCounts[CountedCells]()
    counted.add(CountedCells.once(torch.arange(100, dtype=torch.int32)[:, None] // 2))
    assert len(counted.entries().cells) == 100  # one companion each is not yet enough
    counted.add(CountedCells.once(torch.zeros(100, 1, dtype=torch.int32)))
    assert len(counted.entries().cells) == 50


@pytest.mark.parametrize("counts", [[3, 1, 6, 2], [1, 1, 1, 1]])
def test_items_are_drawn_by_their_counts(counts):
    with seeded(0):
        found = Frequencies(torch.tensor(counts)).draw(12_000).bincount(minlength=4)
    expected = 12_000 * np.array(counts) / sum(counts)
    assert stats.chisquare(found.numpy(), expected).pvalue > 1e-3
