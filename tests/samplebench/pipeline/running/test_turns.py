"""Turns: earlier stages first, and trainings early enough for all workers."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from samplebench.pipeline.running.lengths import guess_lengths
from samplebench.pipeline.running.stages_of_plan import cell_stage
from samplebench.pipeline.running.turns import Turns
from samplebench.pipeline.stages.autoencoder import AutoencoderStage
from samplebench.pipeline.stages.cell import CellStage
from samplebench.pipeline.workspace import Site

SCALE = Path(__file__).parents[4] / "benchmarks" / "scale.py"


def take_all(turns, at_once):
    taken = []
    while turns:
        taken.append(turns.take(at_once))
    return taken


def turns_of(lengths, before=None):
    turns = Turns(lengths, before or {place: [] for place in range(len(lengths))})
    for place in range(len(lengths)):
        turns.add(place)
    return turns


def test_one_at_a_time_takes_stages_in_their_order_whatever_they_take():
    assert take_all(turns_of([1.0, 50.0, 3.0, 20.0, 2.0]), at_once=1) == [0, 1, 2, 3, 4]


def test_several_take_a_stage_before_its_turn_that_would_be_the_last_to_end():
    assert take_all(turns_of([1.0, 1.0, 1.0, 1.0, 4.0]), at_once=2)[0] == 4


def test_the_way_that_a_stage_opens_counts_and_not_its_own_length():
    before = {0: [], 1: [], 2: [], 3: [2]}
    turns = Turns([2.0, 2.0, 1.0, 9.0], before)
    for place in (0, 1, 2):  # 3 has to wait for 2
        turns.add(place)
    assert turns.take(at_once=2) == 2


def test_long_ways_have_every_second_turn_while_there_is_time():
    lengths = [1.0] * 300 + [10.0, 10.0]  # much else is left to do meanwhile
    assert take_all(turns_of(lengths), at_once=4)[:5] == [300, 0, 301, 1, 2]


def test_a_stage_that_could_not_go_has_its_turn_again_and_counts_as_left():
    turns = turns_of([1.0, 2.0, 3.0])
    assert [turns.take(at_once=1) for _ in range(2)] == [0, 1]
    for _ in range(100):
        turns.put_back(1, 0)
        assert [turns.take(at_once=1) for _ in range(2)] == [0, 1]
    assert take_all(turns, at_once=1) == [2]
    assert turns._left == 0
    assert len(turns._by_way._heap) <= 3


@pytest.fixture(scope="module")
def scale():
    place = importlib.util.spec_from_file_location("scale", SCALE)
    module = importlib.util.module_from_spec(place)
    place.loader.exec_module(module)
    return module


def test_64_workers_are_busy_nine_tenths_of_the_ideal_time_and_one_always():
    # In a process of its own, in which no annotations are checked.
    command = [sys.executable, str(SCALE), "--workers", "1", "64"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in said.splitlines()[2:]]
    efficiency = {int(row[0]): float(row[1].removesuffix("%")) for row in rows}
    assert efficiency[1] == 100
    assert efficiency[64] >= 90


def test_the_ideal_time_is_that_of_all_work_or_of_the_longest_way(scale, tmp_path):
    site = Site(tmp_path, tmp_path, tmp_path)
    first = scale.Work(site, "first", 3.0, 1.0)
    second = scale.Work(site, "second", 4.0, 1.0, (first,))
    other = scale.Work(site, "other", 5.0, 1.0)
    assert scale.ideal_time([first, second, other], 1) == 12
    assert scale.ideal_time([first, second, other], 2) == 7


def test_lengths_are_guessed_from_the_records_of_the_same_part_or_else_of_its_kind(bench):
    plan = bench.plan(seeds="0")
    guess = guess_lengths(())
    cells = [cell_stage(planned, plan, bench.site) for planned in plan.cells]
    training = cells[0].autoencoder
    assert isinstance(training, AutoencoderStage)
    assert isinstance(cells[0], CellStage)
    assert guess(training) == 10 * guess(cells[0])
    bench.run(seeds="0", executor="inline")
    by_label = bench.records()
    guess = guess_lengths(by_label.values())
    for cell in cells:
        costs = by_label[cell.label].costs
        seconds = sum(c.wall_seconds for n, c in costs.items() if n not in ("train", "encode"))
        assert guess(cell) == pytest.approx(seconds)
    seconds = costs["train"].wall_seconds + costs["encode"].wall_seconds
    assert guess(training) == pytest.approx(seconds)
