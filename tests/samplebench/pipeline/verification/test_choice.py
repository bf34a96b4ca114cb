"""The cells that are replayed: every part with its settings, and few trainings."""

from collections import Counter

import pytest

from samplebench.pipeline.request.status import parts_of
from samplebench.pipeline.verification.choice import cover, sample

GRID = {
    "autoencoders": ["linear(latent=[1, 2, 3])"],
    "samplers": ["normal(spread=[1.0, 2.0, 3.0])", "again"],
    "seeds": [0, 1, 2],
}


def parts(cells) -> set[tuple[str, str]]:
    return {
        (part.part.kind, part.key)
        for planned in cells
        for part in parts_of(planned.cell, planned.metrics.metrics)
    }


def trainings(cells) -> Counter:
    return Counter((planned.cell.autoencoder.key, planned.cell.seed) for planned in cells)


@pytest.mark.parametrize("changes", [{}, GRID, {"samplers": []}])
def test_every_part_with_its_settings_occurs_in_a_chosen_cell(bench, changes):
    cells = bench.plan(**changes).cells
    assert parts(cover(cells)) == parts(cells)


def test_fewer_cells_are_chosen_than_there_are_and_none_for_nothing(bench):
    cells = bench.plan(**GRID).cells
    chosen = cover(cells)
    assert len(chosen) < len(cells) / 4
    for planned in chosen:
        assert parts([other for other in chosen if other is not planned]) != parts(cells)


def test_each_autoencoder_is_trained_with_one_seed(bench):
    chosen = cover(bench.plan(**GRID).cells)
    assert len(trainings(chosen)) == 3


def test_cells_are_chosen_in_the_order_of_the_plan_the_same_ones_each_time(bench):
    cells = bench.plan(**GRID).cells
    chosen = cover(cells)
    assert chosen == cover(cells)
    assert chosen == [planned for planned in cells if planned in chosen]


def test_of_no_cells_none_are_chosen():
    assert cover([]) == []
    assert sample([], 3) == []


@pytest.mark.parametrize("count", [1, 5, 45])
def test_a_sample_has_as_many_distinct_cells_as_asked_for(bench, count):
    cells = bench.plan(**GRID).cells
    drawn = sample(cells, count)
    assert len({planned.identity for planned in drawn}) == min(count, len(cells))
    assert drawn == sample(cells, count)
    assert drawn == [planned for planned in cells if planned in drawn]


def test_a_sample_larger_than_the_plan_is_the_plan(bench):
    cells = bench.plan().cells
    assert sample(cells, 100) == list(cells)
