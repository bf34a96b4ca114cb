"""Floors: measured once an autoencoder, on as many training samples as are generated."""

import numpy as np
import pytest
import torch

from samplebench.pipeline.stages.core.floors import choose_subsets
from samplebench.vocabulary import Floor


@pytest.mark.parametrize(
    ("total", "count", "subsets", "shared"),
    [
        (60_000, 10_000, 5, 0),
        (4500, 1000, 4, 0),
        (1197, 600, 2, 3),
        (1900, 1000, 2, 100),
        (1899, 1000, 1, 0),
        (7, 3, 2, 0),
        (10, 10, 1, 0),
        (9, 10, 0, 0),
    ],
)
def test_subsets_share_next_to_nothing_and_have_as_many_samples_as_are_generated(
    total, count, subsets, shared
):
    found = choose_subsets(total, count)
    assert [len(set(rows.tolist())) for rows in found] == [count] * subsets
    every = [row for rows in found for row in rows.tolist()]
    assert len(every) - len(set(every)) == shared
    assert set(every) <= set(range(total))


def test_subsets_are_random_and_always_the_same():
    """Training samples may be sorted by class: the first ones would be of a few."""
    first, again = choose_subsets(10_000, 1000), choose_subsets(10_000, 1000)
    assert all(map(torch.equal, first, again))
    assert all(abs(float(rows.double().mean()) - 5000) < 500 for rows in first)


def floors(record) -> dict[str, Floor | None]:
    return {score.title: score.floor for score in record.scores}


def test_the_floor_is_the_score_of_training_samples_by_brute_force(bench):
    """The features of the toy parts are pixels, so that numpy can do all of it."""
    bench.run(seeds=[0], samplers=["normal"])
    dataset = bench.plan(seeds=[0]).cells[0].cell.dataset.build(bench.site.data_dir)
    train, test = (split.samples.numpy() / 255 for split in (dataset.train(), dataset.test()))
    expected = [
        np.linalg.norm((train[rows.numpy()].mean(0) - test.mean(0)).ravel())
        for rows in choose_subsets(200, 40)
    ]
    row = {label.split(" / ")[2]: record for label, record in bench.records().items()}
    found = floors(row["reconstruction"])["distance[pixels]"]
    assert found.values == pytest.approx(expected, rel=1e-5)
    assert (found.count, found.bias) == (40, 1 / 40)
    assert set(floors(row["normal"]).values()) == {None}


def test_a_metric_that_takes_a_sampler_has_its_floor_on_the_reconstruction_row(bench):
    """The std of the latents of real data, which no other row has to share."""
    bench.run(seeds=[0], metrics=["reach"])
    row = {label.split(" / ")[2]: record for label, record in bench.records().items()}
    (floor,) = row["reconstruction"].scores
    assert (floor.value, floor.problem, floor.floor.count) == (None, None, 40)
    assert len(floor.floor.values) == 5
    assert row["reconstruction"].status == "measured"
    assert row["normal"].scores[0].floor is None
    assert bench.run(seeds=[0], metrics=["reach"]).measured == 0


def test_fewer_training_samples_than_are_generated_give_no_floor(bench):
    bench.run(seeds=[0], samplers=[], counts={"generated": 40, "train": 39})
    (record,) = bench.records().values()
    assert set(floors(record).values()) == {None}
    assert record.status == "measured"


@pytest.mark.parametrize("metric", ["bias-broken", "floor-less"])
def test_a_floor_that_fails_costs_no_score(bench, metric):
    bench.run(seeds=[0], samplers=[], metrics=[metric, "error"])
    (record,) = bench.records().values()
    scores = {score.title: score for score in record.scores}
    assert scores["error"].value is not None
    assert (scores[metric].problem, scores[metric].floor) == (None, None)
    assert scores[metric].value is not None


def test_without_features_the_reason_stands_in_the_place_of_score_and_floor(bench):
    bench.run(seeds=[0], samplers=[], metrics=["distance", "error"], features=["unready"])
    (record,) = bench.records().values()
    scores = {score.title: score for score in record.scores}
    assert scores["distance[unready]"].problem.startswith("no features: ")
    assert scores["error"].value is not None


def test_features_of_real_data_are_extracted_once_for_all_autoencoders(bench):
    bench.run(seeds=[0, 1], samplers=[], autoencoders=["linear", "linear(latent=3)"])
    assert len(list((bench.site.workspace / "real").iterdir())) == 1
    found = {tuple(floors(r)["distance[pixels]"].values) for r in bench.records().values()}
    assert len(found) == 1
