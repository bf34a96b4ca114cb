"""The code that replays confirm or refute, and what records say of it afterwards."""

from dataclasses import replace
from pathlib import Path

import pytest

from samplebench.display import QuietDisplay
from samplebench.pipeline.request.plan import Plan, make_plan
from samplebench.pipeline.request.status import status_of
from samplebench.pipeline.request.suite import load_suite, override
from samplebench.pipeline.running.inline import InlineExecutor
from samplebench.pipeline.running.run import run
from samplebench.pipeline.stages.code import core_code
from samplebench.pipeline.verification.differences import Difference
from samplebench.pipeline.verification.stamps import Comparison, Judgement, mark_stale, stamp
from samplebench.pipeline.workspace import Site
from samplebench.registry.loading import Choice, load_parts
from samplebench.results.statistics import Summary
from samplebench.results.store import Store

HELPERS = Path(__file__).parents[3] / "helpers"
MOVED = (Difference("a cell", "spread", 1.0, 2.0, None),)


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    """Measured cells of two autoencoders and three samplers."""
    folder = tmp_path_factory.mktemp("bench")
    choice = Choice((str(HELPERS / "toy_parts.py"),), installed=False)
    site = Site(folder, folder / "workspace", folder / "results", plugins=choice)
    suite = override(
        load_suite(str(HELPERS / "toy.toml")),
        autoencoders=["linear(latent=[2, 3])"],
        samplers=["normal(spread=[1.0, 2.0])", "again"],
        seeds=[0],
    )
    parts, store = load_parts(choice), Store(site.results)

    def make() -> Plan:
        return make_plan(suite, parts, store.read("toy")[0], data_dir=folder, core=core_code())

    run(make(), site, InlineExecutor(), QuietDisplay())
    return make()


def by_part(record, **codes):
    """The record, with other code of its parts: ``sampler="x"``."""
    parts = {k: getattr(record, k).model_copy(update={"code": v}) for k, v in codes.items()}
    return record.model_copy(update=parts)


def distinct(record):
    """The record as if each part were in a file of its own."""
    codes = {kind: f"{kind} {getattr(record, kind).name}" for kind in ("dataset", "autoencoder")}
    if record.sampler:
        codes["sampler"] = f"sampler {record.sampler.name}"
    return by_part(record, **codes)


def compare(plan, differs):
    """A comparison of every cell; those for which ``differs`` holds have moved."""
    records = [(planned, distinct(planned.record)) for planned in plan.cells]
    return [Comparison(p, r, MOVED if differs(r) else ()) for p, r in records]


def test_equal_replays_confirm_every_record_of_the_same_code(plan):
    judgement = Judgement.of(compare(plan, lambda record: False))
    for planned in plan.cells:
        assert judgement.confirms(distinct(planned.record))
        assert not judgement.refutes(distinct(planned.record))
        assert not judgement.confirms(by_part(planned.record, dataset="another"))


def test_of_nothing_nothing_follows(plan):
    judgement = Judgement.of([])
    assert not judgement.confirms(plan.cells[0].record)
    assert not judgement.refutes(plan.cells[0].record)


def test_a_replay_with_a_problem_shows_nothing(plan):
    [first, *_] = compare(plan, lambda record: False)
    failed = Comparison(first.planned, first.record, problem="it was not measured")
    assert not failed.is_equal
    assert Judgement.of([failed]) == Judgement()


def test_a_part_that_is_in_no_equal_cell_is_refuted_and_no_other(plan):
    judgement = Judgement.of(compare(plan, lambda record: record.row == "again"))
    assert judgement.refuted == {("sampler", "again", "sampler again")}
    for planned in plan.cells:
        record = distinct(planned.record)
        assert judgement.refutes(record) == (record.row == "again")
        assert judgement.confirms(record) == (record.row != "again")


def test_a_part_that_moves_with_one_setting_is_refuted_with_all_of_them(plan):
    judgement = Judgement.of(compare(plan, lambda r: r.row == "normal(spread=2.0)"))
    assert judgement.refuted == {("sampler", "normal", "sampler normal")}
    rows = {p.cell.row for p in plan.cells if judgement.refutes(distinct(p.record))}
    assert rows == {"normal(spread=1.0)", "normal(spread=2.0)"}
    assert not any(
        judgement.confirms(distinct(p.record)) for p in plan.cells if p.cell.row in rows
    )


def test_where_no_single_part_explains_it_none_is_refuted(plan):
    odd = plan.cells[1].record.identity
    judgement = Judgement.of(compare(plan, lambda record: record.identity == odd))
    assert judgement.refuted == frozenset()


def test_other_code_of_a_refuted_part_is_not_refuted(plan):
    judgement = Judgement.of(compare(plan, lambda record: record.row == "again"))
    [again, *_] = [planned.record for planned in plan.cells if planned.cell.row == "again"]
    assert not judgement.refutes(by_part(distinct(again), sampler="earlier code"))


def test_other_measuring_code_is_not_confirmed(plan):
    judgement = Judgement.of(compare(plan, lambda record: False))
    record = distinct(plan.cells[0].record)
    other = record.provenance.model_copy(update={"core": "another"})
    assert not judgement.confirms(record.model_copy(update={"provenance": other}))


def without_code(record, commit):
    """The record as format 1 has it: with a commit in place of digests."""
    kinds = [k for k in ("dataset", "autoencoder", "sampler") if getattr(record, k)]
    origin = record.provenance.model_copy(update={"core": None, "commit": commit})
    scores = [
        score.model_copy(update={"metric": score.metric.model_copy(update={"code": None})})
        for score in record.scores
    ]
    bare = by_part(record, **dict.fromkeys(kinds))
    return bare.model_copy(update={"provenance": origin, "scores": scores})


def test_records_without_digests_are_told_apart_by_their_commits(plan):
    first = plan.cells[0]
    judgement = Judgement.of([Comparison(first, without_code(first.record, "one"))])
    assert judgement.confirms(without_code(first.record, "one"))
    assert not judgement.confirms(without_code(first.record, "two"))
    assert not judgement.confirms(first.record)


def test_a_stamped_record_is_measured_whatever_code_it_was_from(plan):
    for planned in plan.cells:
        asked, core = planned.metrics.metrics, core_code()
        old = without_code(planned.record, "one")
        assert status_of(planned.cell, old, asked, core)[0] == "unverified"
        stamped = stamp(replace(planned, record=old), since="0123")
        assert status_of(planned.cell, stamped, asked, core) == ("measured", None)
        assert stamped.verification.since == "0123"
        assert stamped.provenance.commit == "one"


def test_a_stamp_changes_no_number(plan):
    planned = plan.cells[1]
    stamped = stamp(planned, since=None)
    assert [s.model_dump() for s in stamped.scores] == [
        s.model_dump() for s in planned.record.scores
    ]
    assert stamped.provenance == planned.record.provenance
    assert stamped.identity == planned.record.identity


def test_a_stale_record_says_which_score_moved_and_what_it_was_compared_with(plan):
    planned = plan.cells[1]
    own = Comparison(planned, planned.record, MOVED)
    stale = mark_stale(planned.record, [own], since=None)
    asked = planned.metrics.metrics
    status, reason = status_of(planned.cell, stale, asked, core_code())
    assert status == "stale"
    assert reason == "compared with its record, a replay moved spread from 1.0 to 2.0"
    since = mark_stale(planned.record, [own], since="0123456789abcdef")
    assert "compared with the code of commit 0123456789ab, " in since.verification.reason
    assert since.verification.since == "0123456789abcdef"


def test_a_record_that_was_not_replayed_itself_is_stale_for_others(plan):
    other = Comparison(plan.cells[1], plan.cells[1].record, MOVED)
    stale = mark_stale(plan.cells[2].record, [other], since=None)
    assert "replays of other cells with the same parts" in stale.verification.reason
    assert stale.scores == plan.cells[2].record.scores


def test_a_stale_record_names_the_score_that_lies_outside_and_not_the_first_one(plan):
    spread = Summary.of([1.0, 1.1, 1.2])
    inside, lost = (
        Difference("a cell", "distance", 5.0, 5.1, Summary.of([1.0, 5.0, 9.0])),
        Difference("a cell", "error", 1.0, None, spread),
    )
    outside = Difference("a cell", "spread", 1.0, 4.0, spread)
    planned = plan.cells[1]

    def reason(*moved):
        own = Comparison(planned, planned.record, moved)
        return mark_stale(planned.record, [own], since=None).verification.reason

    assert reason(inside, outside).endswith("a replay moved spread from 1.0 to 4.0, and 1 more")
    assert "moved error from 1.0 to None" in reason(inside, outside, lost)
