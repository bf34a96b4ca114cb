"""The records of other runs on the same folder count where they are what this run would have."""

import pytest

from samplebench.display import QuietDisplay
from samplebench.pipeline.running.inline import InlineExecutor
from samplebench.pipeline.running.other_runs import OtherRuns
from samplebench.pipeline.running.run import run
from samplebench.pipeline.running.stages_of_plan import cell_stage
from samplebench.pipeline.stages.stage import Failure


class Fails(InlineExecutor):
    """Lets the stages of some titles fail."""

    def __init__(self, kind, title):
        self.failure, self.title = Failure(kind, "no luck"), title

    def submit(self, fn, stage, *arguments):
        if stage.title.startswith(self.title):
            return super().submit(lambda: self.failure)
        return super().submit(fn, stage, *arguments)


ONE = {"seeds": [0], "samplers": ["normal"], "only": ["*/normal/*"]}


@pytest.fixture
def late(bench):
    """A plan of one cell, and what looks for the work of others on it."""
    plan = bench.plan(**ONE)
    [planned] = plan.cells
    stage = cell_stage(planned, plan, bench.site)
    return OtherRuns(bench.store, "toy", {stage: planned}), stage


def test_a_cell_that_another_run_measured_is_found(bench, late):
    others, stage = late
    assert others.find(stage) is None
    bench.run(**ONE)
    [record] = bench.records().values()
    assert others.find(stage) == bench.store.record_path(record)


def test_a_record_without_a_score_that_is_asked_for_is_none(bench, late):
    others, stage = late
    bench.run(**ONE, metrics=["spread"])
    assert others.find(stage) is None


@pytest.mark.parametrize(
    ("kind", "counts"),
    [("error", True), ("non-finite", True), ("timeout", False), ("out-of-memory", False)],
)
def test_a_failure_counts_unless_it_is_of_the_limits_of_a_run(bench, late, kind, counts):
    others, stage = late
    run(bench.plan(**ONE), bench.site, Fails(kind, "measuring"), QuietDisplay())
    assert (others.find(stage) is not None) == counts


def test_a_failure_takes_not_the_place_of_what_another_run_measured_meanwhile(bench):
    plan = bench.plan(**ONE)
    bench.run(**ONE)
    [measured] = bench.records().values()
    outcomes = run(plan, bench.site, Fails("timeout", "autoencoder"), QuietDisplay())
    assert outcomes.failed == 1
    [kept] = bench.records().values()
    assert kept == measured
