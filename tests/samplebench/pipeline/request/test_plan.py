"""Plans: the grid, what is known of it, and what cannot be asked."""

import dataclasses
from dataclasses import asdict

import pytest

from samplebench.errors import BadSetting, BadSuite, NothingToRun, UnknownPart, UsageError


def test_the_grid_is_the_product_with_a_reconstruction_row_for_each_autoencoder_and_seed(bench):
    plan = bench.plan(autoencoders=["linear(latent=[2, 3])"], samplers=["normal", "again"])
    labels = [planned.cell.label for planned in plan.cells]
    assert len(labels) == len(set(labels)) == 2 * 3 * 2
    assert "stripes / linear(latent=3) / reconstruction / seed 1" in labels


def test_the_same_part_asked_for_twice_is_measured_once(bench):
    plan = bench.plan(samplers=["normal", "normal(spread=1.0)", "normal(spread=[1.0, 1.0])"])
    assert len(plan.cells) == 2 * 2


def test_samplers_of_the_appendix_are_measured_too_and_those_of_the_table_once(bench):
    plan = bench.plan(samplers=["normal"], appendix=["normal(spread=[1.0, 2.0])", "again"])
    rows = {planned.cell.row: planned.cell.appendix for planned in plan.cells}
    assert rows == {
        "reconstruction": False,
        "normal": False,
        "normal(spread=2.0)": True,
        "again": True,
    }
    base = {planned.identity for planned in bench.plan(samplers=["again"]).cells}
    assert base <= {planned.identity for planned in plan.cells}  # it decides no score


def test_a_record_of_the_appendix_says_so(bench):
    bench.run(samplers=["normal"], appendix=["again"], seeds=[1])
    told = {record.row: record.appendix for record in bench.records().values()}
    assert told == {"reconstruction": False, "normal": False, "again": True}


def test_a_row_that_the_suite_moves_to_the_appendix_moves_in_its_record(bench):
    def told():
        return {record.row: record.appendix for record in bench.records().values()}

    bench.run(samplers=["normal", "again"], seeds=[1])
    assert told() == {"reconstruction": False, "normal": False, "again": False}
    outcomes = bench.run(samplers=["normal"], appendix=["again"], seeds=[1])
    assert outcomes.measured == 0
    assert told() == {"reconstruction": False, "normal": False, "again": True}
    bench.run(samplers=["normal", "again"], seeds=[1])
    assert told() == {"reconstruction": False, "normal": False, "again": False}


def test_an_identity_depends_on_every_setting_and_on_nothing_else(bench):
    def identities(**changes):
        return {planned.identity for planned in bench.plan(**changes).cells}

    base = identities()
    assert identities(samplers=["again", "normal(spread=1.0)"], metrics=["spread"]) == base
    training = bench.suite().training
    for change in (
        {"seeds": [2, 3]},
        {"datasets": ["stripes(images=100)"]},
        {"autoencoders": ["linear(latent=5)"]},
        {"training": asdict(training) | {"steps": 6}},
        {"counts": {"generated": 41, "reference": None}},
    ):
        assert identities(**change).isdisjoint(base)


def test_only_keeps_the_cells_whose_label_matches(bench):
    plan = bench.plan(only=["*/linear/n*/seed 1", "*/linear/n*/seed 0"])
    assert [planned.cell.label for planned in plan.cells] == [
        "stripes / linear / normal / seed 0",
        "stripes / linear / normal / seed 1",
    ]
    with pytest.raises(NothingToRun, match="no cell matches --only 'x' or 'y'"):
        bench.plan(only=["x", "y"])


@pytest.mark.parametrize(
    ("changes", "error", "told"),
    [
        ({"samplers": ["norml"]}, UnknownPart, r"Did you mean 'normal'\? Installed: again"),
        ({"samplers": ["normal(sprad=1)"]}, BadSetting, "Did you mean 'spread'"),
        ({"samplers": ["normal(spread='x')"]}, BadSetting, "spread='x' does not fit"),
        (
            {"metrics": ["broken(how='never')"]},
            BadSetting,
            "it takes 'raise' or 'nan' or 'no number'",
        ),
    ],
)
def test_what_cannot_be_is_told_before_anything_runs(bench, changes, error, told):
    with pytest.raises(error, match=told):
        bench.plan(**changes)


def test_a_plan_of_too_many_cells_is_refused_before_it_is_made(bench):
    samplers = [f"normal(spread={list(map(float, range(1, 1001)))})"]
    told = r"1 × 1 × 1,000 × 1,001 = 1,001,000 cells, and 100,000 are the most"
    with pytest.raises(BadSuite, match=told):
        bench.plan(seeds="0-999", samplers=samplers)


def test_a_metric_that_needs_features_is_not_left_out_silently(bench):
    with pytest.raises(UsageError, match=r"'distance' needs features.*Installed: pixels"):
        bench.plan(features=[])


def test_a_checkpoint_belongs_to_one_autoencoder(bench, tmp_path):
    checkpoint = tmp_path / "weights.safetensors"
    with pytest.raises(UsageError, match="there is no such file"):
        bench.plan(weights=checkpoint)
    checkpoint.write_bytes(b"")
    with pytest.raises(UsageError, match="weights of one autoencoder"):
        bench.plan(weights=checkpoint, autoencoders=["linear(latent=[2, 3])"])


def test_time_is_guessed_from_records_or_else_from_the_suite(bench):
    plan = bench.plan()
    assert plan.estimated_seconds(plan.cells) is None
    timed = dataclasses.replace(plan, suite=bench.suite(minutes=3.0))
    assert timed.estimated_seconds(plan.cells[:3]) == pytest.approx(3 * 60 * 3 / 6)
    some = bench.plan(only=["*seed 0"])
    timed = dataclasses.replace(some, suite=bench.suite(minutes=3.0))
    assert timed.estimated_seconds(some.cells) == pytest.approx(3 * 60 * 3 / 6)
    bench.run(seeds=[0])
    plan = bench.plan()
    records = bench.records().values()
    everything = sum(c.wall_seconds for r in records for c in r.costs.values())
    training = sum(r.costs[s].wall_seconds for r in records for s in ("train", "encode")) / 3
    cells = everything - 3 * training
    guess = plan.estimated_seconds(plan.of_status("to do"))
    assert guess == pytest.approx(training + cells)


def test_a_pair_that_cannot_work_is_refused_in_the_plan(bench):
    plan = bench.plan(autoencoders=["coded"], samplers=["normal", "again"], seeds=[0])
    assert [(p.cell.row, p.status, p.reason) for p in plan.cells] == [
        ("reconstruction", "to do", None),
        ("normal", "refused", "takes continuous latents, these are discrete"),
        ("again", "to do", None),
    ]


def test_metrics_without_a_meaning_for_a_space_are_not_asked(bench):
    [cell, *_] = bench.plan(autoencoders=["coded"], samplers=["again"], seeds=[0]).cells
    assert [str(metric) for metric in cell.metrics.metrics] == ["distance[pixels]", "error"]
