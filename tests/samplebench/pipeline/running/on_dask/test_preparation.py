"""Calls as workers get them: the same stages in other folders, and what has to travel."""

import pickle
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("distributed")

from samplebench.pipeline.running.carry_out import carry_out
from samplebench.pipeline.running.graph import chain
from samplebench.pipeline.running.on_dask.preparation import Call, pack, pack_to_travel
from samplebench.pipeline.running.on_dask.relocation import relocate
from samplebench.pipeline.running.on_dask.worker import Worker
from samplebench.pipeline.running.progress_file import ProgressFile
from samplebench.pipeline.running.stages_of_plan import cell_stage
from samplebench.pipeline.stages.stage import Failure


@pytest.fixture
def call(bench):
    """The first cell of the toys, with an artefact of each stage before it."""
    plan = bench.plan(seeds="0")
    cell = cell_stage(plan.cells[0], plan, bench.site)
    made = {}
    for number, stage in enumerate((*cell.needs, *cell.wants)):
        place = bench.site.artefact("things", str(number), lambda f: (f / "a").write_text("x"))
        made[stage] = place
    return Call(carry_out, cell, made, ProgressFile(bench.site.workspace / "progress" / "1.json"))


@pytest.fixture
def worker(bench):
    there = {name: Path("/far") / name for name in ("data_dir", "workspace", "results")}
    return Worker("address", "id", 3, replace(bench.site, jobs=3, **there), shares=False)


def unpack(packed):
    fn, args = pickle.loads(packed.content)
    assert fn is carry_out
    return args


def test_for_a_worker_that_shares_the_folders_only_the_number_of_jobs_changes(bench, call, worker):
    near = replace(worker, site=replace(bench.site, jobs=3), shares=True)
    stage, made, report = unpack(pack(call, near))
    assert all(each.site == near.site for each in chain([stage]))
    assert set(made) == {*stage.needs, *stage.wants}
    assert [*made.values()] == [*call.made.values()]
    assert report == call.report
    assert relocate(stage, {near.site: bench.site}) == call.stage


def test_for_one_that_does_not_all_that_a_stage_takes_is_in_parcels(bench, call, worker):
    packed, parcels = pack_to_travel(call, worker)
    stage, made, report = unpack(packed)
    assert {each.site for each in chain([stage])} == {stage.site}
    assert stage.site.workspace == Path("/far/workspace")
    for place, parcel in zip(made.values(), parcels[1:], strict=True):
        assert place == Path("/far/workspace") / parcel.name
        assert set(parcel.files) == {"a", "digests.json"}
    [plugin] = stage.site.plugins.files
    assert plugin.startswith("/far/workspace/plugins/")
    assert parcels[0].files == {"toy_parts.py": bench.plugin}
    assert packed.progress == report.path == Path("/far/workspace/progress/1.json")


def test_weights_that_are_loaded_travel_too(bench, call, worker, tmp_path):
    (tmp_path / "w.pt").write_bytes(b"weights")
    stage = replace(
        call.stage, autoencoder=replace(call.stage.autoencoder, weights=tmp_path / "w.pt")
    )
    made = {each: Failure("error", "no") for each in (*stage.needs, *stage.wants)}
    packed, parcels = pack_to_travel(replace(call, stage=stage, made=made), worker)
    there = unpack(packed)[0].autoencoder.weights
    assert there.is_relative_to("/far/workspace/weights")
    assert parcels[-1].files == {"w.pt": tmp_path / "w.pt"}
    assert set(unpack(packed)[1].values()) == {Failure("error", "no")}
