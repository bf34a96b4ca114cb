"""Repeats: a score is the mean over draws and fits, each with random numbers of its own."""

import shutil
from statistics import fmean

import pytest

DRAWS, FITS = 3, 2


def measure(bench, **changes):
    """The scores of the row ``normal`` for one seed, by title, and its record."""
    bench.run(executor="inline", seeds=[0], samplers=["normal"], **changes)
    [record] = [record for record in bench.records().values() if record.row == "normal"]
    return {score.title: score for score in record.scores}, record


@pytest.fixture
def repeated(bench):
    counts = {"generated": 40, "draws": DRAWS, "fits": FITS}
    return measure(bench, counts=counts, metrics=["distance", "spread", "seconds-to-fit"])


def test_there_is_a_value_for_each_fit_and_draw_and_the_score_is_their_mean(repeated):
    scores, _ = repeated
    for title in ("distance[pixels]", "spread"):
        values = scores[title].values
        assert [len(draws) for draws in values] == [DRAWS] * FITS
        flat = [value for draws in values for value in draws]
        assert len(set(flat)) == DRAWS * FITS
        assert scores[title].value == fmean(flat)


def test_the_first_of_them_is_the_score_without_repeats(repeated, bench):
    first = {title: score.values[0][0] for title, score in repeated[0].items() if score.values}
    shutil.rmtree(bench.site.results)
    alone, _ = measure(bench, metrics=["distance", "spread"])
    assert {title: score.value for title, score in alone.items()} == first
    assert all(score.values == () for score in alone.values())


def test_costs_and_scores_of_the_autoencoder_are_measured_once(repeated, bench):
    assert repeated[0]["fit"].values == ()
    [reference] = [r for r in bench.records().values() if r.row == "reconstruction"]
    assert all(score.values == () for score in reference.scores)


def test_a_problem_of_one_draw_is_the_problem_of_the_score(bench):
    counts = {"generated": 40, "draws": DRAWS}
    found, record = measure(bench, counts=counts, metrics=["broken", "spread"])
    assert (found["broken"].value, found["broken"].values) == (None, ())
    assert "ZeroDivisionError" in found["broken"].problem
    assert found["spread"].value is not None
    assert record.status == "incomplete"


def test_a_protocol_names_repeats_only_where_there_are_some(bench):
    assert "draws" not in bench.suite().protocol["counts"]
    assert bench.suite(counts={"draws": 2}).protocol["counts"]["draws"] == 2
