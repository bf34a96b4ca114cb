"""Differences of two measurements: any bit counts, and the spread over seeds is its measure."""

import math
from statistics import stdev

import numpy as np
import pytest
from scipy import stats

from samplebench.pipeline.verification.differences import Difference, differences, row_key
from samplebench.results.record import PartRecord, Provenance, Record, Score
from samplebench.results.statistics import Summary
from samplebench.vocabulary import Floor

ORIGIN = Provenance(
    samplebench="1",
    python="3",
    torch="2",
    cuda=None,
    packages={},
    commit=None,
    device="CPU",
    processor="Example 9000",
    cores=1,
    threads=1,
    system="Linux",
    deterministic=True,
    data=None,
    suite="0",
    core=None,
    finished="2026-10-01T12:00:00+00:00",
)


@pytest.fixture
def measured():
    """Records of one row with three seeds."""
    return [record_of("normal", seed) for seed in range(3)]


def part(name):
    return PartRecord(spec=name, name=name, settings={}, plugin="p", version="1", code="c")


def score(title, value, **changes):
    content = {
        "metric": part(title),
        "features": None,
        "title": title,
        "unit": "",
        "better": "lower",
        "subject": "images",
        "alarm": None,
        "value": value,
        "floor": None,
        "problem": None,
    }
    return Score(**content | changes)


def record_of(sampler, seed):
    return Record(
        identity=f"{sampler} {seed}",
        suite="toy",
        status="measured",
        reason=None,
        role="sampler",
        dataset=part("stripes"),
        autoencoder=part("linear"),
        sampler=part(sampler),
        seed=seed,
        protocol={},
        latent_space=None,
        counts={},
        scores=[
            score("distance", 3.0 + seed / 7, floor=Floor((0.25 + seed / 9, 0.5), 40)),
            score("spread", 1.0 + seed / 3, subject="latents"),
            score("fit", 0.5 + seed, subject="cost"),
        ],
        costs={},
        diagnostics={},
        provenance=ORIGIN,
        picture=None,
    )


def changed(record, title, **changes):
    scores = [s.model_copy(update=changes) if s.title == title else s for s in record.scores]
    return record.model_copy(update={"scores": scores})


def titles(record, replay, siblings=()):
    return [difference.title for difference in differences(record, replay, siblings)]


def test_a_record_does_not_differ_from_itself(measured):
    assert titles(measured[0], measured[0], measured) == []


def test_costs_are_not_compared(measured):
    [cost] = [score for score in measured[0].scores if score.subject == "cost"]
    assert titles(measured[0], changed(measured[0], cost.title, value=1e9)) == []


def test_the_last_bit_of_a_value_counts_and_is_named(measured):
    [score] = [score for score in measured[0].scores if score.title == "distance"]
    moved = float(np.nextafter(score.value, math.inf))
    [found] = differences(measured[0], changed(measured[0], "distance", value=moved), measured)
    assert (found.title, found.recorded, found.replayed) == ("distance", score.value, moved)
    values = [s.value for r in measured for s in r.scores if s.title == "distance"]
    assert found.spread.std == pytest.approx(stdev(values))


def test_the_last_bit_of_a_floor_counts_and_is_named(measured):
    [score] = [score for score in measured[0].scores if score.title == "distance"]
    floor = Floor((0.25, float(np.nextafter(0.5, math.inf))), 40)
    [found] = differences(measured[0], changed(measured[0], "distance", floor=floor), measured)
    assert found.title == "distance, floor"
    assert (found.recorded, found.replayed) == (score.floor.mean, floor.mean)
    means = [s.floor.mean for r in measured for s in r.scores if s.title == "distance"]
    assert found.spread.std == pytest.approx(stdev(means))


def test_a_floor_that_was_an_estimate_is_not_held_against_a_measured_one(measured):
    old = changed(measured[0], "distance", floor=Floor((0.125,)))
    assert titles(old, measured[0]) == []
    assert titles(old, changed(measured[0], "distance", floor=None)) == []
    assert titles(measured[0], changed(measured[0], "distance", floor=None)) == ["distance, floor"]


def test_a_problem_that_came_or_went_counts(measured):
    failed = changed(measured[0], "spread", value=None, problem="it is too small")
    [came] = differences(measured[0], failed, ())
    [went] = differences(failed, measured[0], ())
    assert (came.replayed, went.recorded) == (None, None)
    assert (came.is_within_spread(), went.is_within_spread()) == (None, None)
    assert "replayed nothing" in came.describe()
    assert titles(failed, failed) == []


def test_another_wording_of_the_same_problem_does_not_count(measured):
    one, other = (changed(measured[0], "spread", value=None, problem=text) for text in "ab")
    assert titles(one, other) == []


def test_a_score_that_the_replay_lacks_counts(measured):
    fewer = measured[0].model_copy(update={"scores": measured[0].scores[1:]})
    assert titles(measured[0], fewer) == [measured[0].scores[0].title]
    assert titles(fewer, measured[0]) == []


def test_the_spread_is_that_of_the_row_over_its_seeds_each_record_once(measured):
    moved = changed(measured[0], "spread", value=100.0)
    [difference] = differences(measured[0], moved, measured)
    values = [s.value for record in measured for s in record.scores if s.title == "spread"]
    assert difference.spread.n == 3
    assert difference.spread.std == pytest.approx(stdev(values))


def test_one_seed_has_no_spread(measured):
    moved = changed(measured[0], "spread", value=100.0)
    [difference] = differences(measured[0], moved, [measured[0]])
    assert difference.spread is None
    assert difference.is_within_spread() is None
    assert "not comparable with the spread" in difference.describe()


@pytest.mark.parametrize("seeds", [2, 3, 5, 30])
def test_within_the_spread_is_what_two_seeds_differ_by_in_95_of_100_cases(seeds):
    values = np.random.default_rng(seeds).normal(3.0, 0.2, seeds)
    reach = stats.t.ppf(0.975, seeds - 1) * np.sqrt(2) * np.std(values, ddof=1)
    for sign in (-1, 1):
        for factor, within in ((0.0, True), (1 - 1e-9, True), (1 + 1e-9, False)):
            moved = float(3.0 + sign * factor * reach)
            difference = Difference("a", "b", 3.0, moved, Summary.of(values.tolist()))
            assert difference.is_within_spread() is within
            assert f"{'within' if within else 'outside'} the spread" in difference.describe()


def test_a_row_is_the_same_for_all_seeds_and_another_for_another_sampler(measured):
    [row] = {row_key(record) for record in measured}
    assert row_key(record_of("again", 0)) != row
    weights = measured[0].autoencoder.model_copy(update={"checkpoint": "0123"})
    assert row_key(measured[0].model_copy(update={"autoencoder": weights})) != row


@pytest.mark.parametrize(
    ("recorded", "moved", "text"),
    [
        (494.547123, 494.547123 - 1.09e-11, "494.547 in both, which agree to 1e-13 of it"),
        (2.0, 2.0 + 3e-10, "2 in both, which agree to 1e-09 of it"),
        (2.0, 2.5, "recorded 2, replayed 2.5 (by +0.5)"),
        (0.0, 1e-12, "recorded 0, replayed 1e-12 (by +1e-12)"),
    ],
)
def test_numbers_that_would_look_alike_are_written_once(recorded, moved, text):
    assert text in Difference("a", "b", recorded, moved, None).describe()


def test_floors_with_the_same_mean_are_said_to_be_of_other_values(measured):
    floor = Floor((0.5, 0.25), 40)
    [found] = differences(measured[0], changed(measured[0], "distance", floor=floor), measured)
    assert "0.375 in both, as the mean of other values" in found.describe()


@pytest.mark.parametrize("level", [0.95, 0.99])
def test_the_interval_that_was_used_is_stated(level):
    values = [3.0, 3.5, 4.2]
    reach = stats.t.ppf((1 + level) / 2, 2) * np.sqrt(2) * np.std(values, ddof=1)
    line = Difference("a", "b", 3.0, 3.1, Summary.of(values)).describe(level)
    stated = f"within the spread over seeds (±{reach:.3g} for two of 3 seeds at {100 * level:g} %)"
    assert line.endswith(stated)
