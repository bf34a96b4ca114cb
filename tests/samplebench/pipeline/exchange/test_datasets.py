"""Datasets for models that are trained elsewhere."""

from pathlib import Path

import pytest
import torch

import samplebench
from samplebench.errors import UsageError
from samplebench.pipeline.stages.data import load_data

TOYS = Path(__file__).parents[3] / "helpers" / "toy_parts.py"


def test_a_dataset_gives_the_splits_that_a_run_measures_on(bench):
    data_dir = bench.site.data_dir
    (data_dir / "brighter").write_text("7")
    bench.run(seeds=[0], samplers=["normal"])
    dataset = samplebench.load_dataset("stripes", data_dir, plugins=[TOYS])
    [place] = (bench.site.workspace / "samples").iterdir()
    measured = load_data(place)
    assert torch.equal(dataset.train().samples, measured.train.samples)
    assert torch.equal(dataset.test().samples, measured.test.samples)


def test_without_a_folder_it_looks_where_the_command_line_does(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    dataset = samplebench.load_dataset("stripes(images=5)", plugins=[TOYS])
    assert dataset.data_dir == tmp_path / "samplebench" / "data"
    assert len(dataset.train()) == 5


def test_several_at_once_and_unknown_ones_are_refused():
    with pytest.raises(UsageError, match="is a grid of 2 datasets; load them one by one"):
        samplebench.load_dataset("stripes(images=[5, 6])", plugins=[TOYS])
    with pytest.raises(UsageError, match="No dataset is called 'stripe'"):
        samplebench.load_dataset("stripe", plugins=[TOYS])
