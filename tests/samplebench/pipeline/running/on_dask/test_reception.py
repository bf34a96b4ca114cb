"""Workers: how many stages each takes, where, and on which GPU."""

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("distributed")

from samplebench.pipeline.running.on_dask.reception import describe_worker
from samplebench.pipeline.running.on_dask.worker import Introduction
from samplebench.pipeline.workspace import Site

SITE = Site(Path("/data"), Path("/work"), Path("/results"))
FOUND = Introduction("id", "software", Path("/scratch/home"), True, (), None, threads=4)


def describe(device="cpu", **changes):
    return describe_worker("address", replace(FOUND, **changes), replace(SITE, device=device))


def test_a_worker_takes_as_many_stages_as_it_has_threads_in_the_folders_of_the_run():
    worker = describe()
    assert worker.room == 4
    assert worker.site == replace(SITE, jobs=4)
    assert worker.gpus == ()


def test_one_that_sees_none_of_these_works_in_a_folder_of_its_own():
    site = describe(shares=False).site
    assert site.workspace == Path("/scratch/home/workspace")
    assert site.results == Path("/scratch/home/results")
    assert site.data_dir == Path("/scratch/home/data")


@pytest.mark.parametrize(
    ("found", "gpus", "takes_resource"),
    [
        ({"gpus": ("0", "1")}, ("0", "1"), False),
        ({"gpus": ("3", "2", "1", "0"), "threads": 1}, ("3",), False),  # as dask-cuda has it
        ({"gpus": ("0", "1"), "stated_gpus": 1}, ("0",), True),
        ({"gpus": ("7",), "stated_gpus": 2}, ("7", "7"), True),  # two share it, as is stated
    ],
)
def test_on_gpus_each_stage_has_its_own(found, gpus, takes_resource):
    worker = describe(device="cuda", **found)
    assert (worker.gpus, worker.room) == (gpus, len(gpus))
    assert worker.takes_resource == takes_resource


@pytest.mark.parametrize("found", [{}, {"stated_gpus": 1}, {"gpus": ("0",), "stated_gpus": 0}])
def test_a_worker_without_a_gpu_takes_no_stage_that_needs_one(found):
    assert describe(device="cuda", **found) is None
