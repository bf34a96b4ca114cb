"""The stage of data: kept once, named by content, never changed by a reader."""

import dataclasses

import pytest
import torch

from samplebench.pipeline.stages.data import DataStage, load_data
from samplebench.pipeline.stages.stage import Stage
from samplebench.registry.spec import parse


@pytest.fixture
def stage(bench) -> Stage:
    return DataStage(bench.site, parse("stripes(images=20)"))


def read(stage):
    return stage.make({}, lambda progress: None)


def test_data_come_back_as_they_were(bench, stage):
    dataset = (
        bench.plan(datasets=["stripes(images=20)"])
        .cells[0]
        .cell.dataset.build(bench.site.data_dir)
    )
    data = load_data(read(stage))
    for split, expected in ((data.train, dataset.train()), (data.test, dataset.test())):
        assert torch.equal(split.samples, expected.samples)
        assert torch.equal(split.labels, expected.labels)
    assert data.shape == (1, 8, 8)


def test_equal_data_have_one_place_and_other_data_another(bench, stage):
    place = read(stage)
    assert read(stage) == place
    assert read(dataclasses.replace(stage, dataset=parse("stripes(images=21)"))) != place
    (bench.site.data_dir / "brighter").write_text("9")
    assert read(stage) != place


def test_writing_to_loaded_images_does_not_change_what_is_kept(stage):
    place = read(stage)
    images = load_data(place).train.samples
    before = images.clone()
    images.zero_()
    assert torch.equal(load_data(place).train.samples, before)
