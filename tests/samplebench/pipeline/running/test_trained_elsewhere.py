"""Autoencoders that are not trained here: given weights, weights of their own, and none."""

import pytest
import torch
from toy_parts import Linear, Saved

from samplebench.display import QuietDisplay
from samplebench.errors import UsageError
from samplebench.pipeline.exchange.train import train_checkpoint, training_suite
from samplebench.pipeline.running.executors import start_executor
from samplebench.registry.loading import load_parts

SHAPE = (1, 8, 8)


@pytest.fixture
def saved(tmp_path):
    """``saved(seed)`` writes weights of a network to a file."""

    def saved(seed=0):
        torch.manual_seed(seed)
        torch.save(Linear(SHAPE).state_dict(), tmp_path / "saved.pt")
        return tmp_path / "saved.pt"

    return saved


def test_one_that_cannot_be_trained_is_refused_without_weights(bench):
    plan = bench.plan(autoencoders=["untrainable", "linear"])
    reasons = {str(each.cell.autoencoder): each.reason for each in plan.cells}
    assert reasons == {
        "untrainable": "cannot be trained here: give its weights with --checkpoint",
        "linear": None,
    }


def test_it_is_measured_with_the_weights_that_are_given(bench, saved):
    outcomes = bench.run(autoencoders=["untrainable"], seeds=[0], weights=saved())
    assert (outcomes.measured, outcomes.failed, outcomes.refused) == (3, 0, 0)


def test_one_that_brings_its_weights_is_measured_with_them(bench, saved, scores):
    path = saved()
    outcomes = bench.run(autoencoders=[f"saved(path={str(path)!r})"], seeds=[0])
    assert (outcomes.measured, outcomes.failed, outcomes.refused) == (3, 0, 0)
    bench.run(autoencoders=["untrainable"], seeds=[0], weights=path)
    by_part = {}
    for record in bench.records().values():
        by_part.setdefault(record.row, []).append(scores(record))
        assert record.autoencoder.checkpoint
        assert set(record.protocol) == {"version", "counts"}
    assert all(one == other for one, other in by_part.values())


def test_other_weights_in_its_file_are_another_autoencoder(bench, saved):
    spec = f"saved(path={str(saved(0))!r})"
    first = {each.identity for each in bench.plan(autoencoders=[spec]).cells}
    assert {each.identity for each in bench.plan(autoencoders=[spec]).cells} == first
    saved(1)
    assert not first & {each.identity for each in bench.plan(autoencoders=[spec]).cells}


def test_weights_that_change_after_the_plan_are_not_measured(bench, saved, monkeypatch):
    spec, plan = f"saved(path={str(saved(0))!r})", bench.plan

    def plan_and_change(**changes):
        made = plan(**changes)
        saved(1)
        return made

    monkeypatch.setattr(bench, "plan", plan_and_change)
    outcomes = bench.run(autoencoders=[spec], seeds=[0])
    assert outcomes.measured == 0
    assert "not those with which this run was planned" in next(iter(outcomes.reasons))


def test_weights_are_not_given_to_one_that_brings_them(bench, saved):
    path = saved()
    plan = bench.plan(autoencoders=[f"saved(path={str(path)!r})"], weights=path)
    assert {each.reason for each in plan.cells} == {
        "brings its own weights: leave --checkpoint out"
    }


def test_one_without_weights_is_not_said_to_be_trained_anywhere(bench):
    assert bench.run(autoencoders=["nothing"], seeds=[0]).measured == 3
    for record in bench.records().values():
        assert record.autoencoder.checkpoint is None
        assert "training" not in record.protocol


@pytest.mark.parametrize("spec", ["untrainable", "nothing"])
def test_train_refuses_what_is_not_trained_here(bench, spec):
    suite = training_suite(None, dataset="stripes", autoencoder=spec, seed=0, epochs=1)
    parts = load_parts(bench.site.plugins)
    told = rf"'{spec}' (cannot be|is not) trained here; train another"
    with start_executor("inline", bench.site) as executor, pytest.raises(UsageError, match=told):
        train_checkpoint(suite, parts, bench.site, executor, QuietDisplay())
    assert not bench.site.results.exists()


def test_a_missing_loss_is_told_to_whoever_calls_it(saved):
    with pytest.raises(NotImplementedError, match="Saved has no `loss_terms`: it cannot be"):
        Saved(SHAPE, str(saved())).loss_terms(torch.rand(2, *SHAPE))
