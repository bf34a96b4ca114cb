"""Boards say where features outnumber the samples that they are compared on."""

import pytest

from samplebench.results.assembly import assemble
from samplebench.results.few_samples import explain_few_samples
from samplebench.results.legend import write_legend


def rankings(make_record, make_score, held_out, width):
    score = make_score("FD[classifier]", 1.0, weights="w")
    features = score.features.model_copy(update={"width": width})
    measured = make_record(
        "gmm",
        0,
        [score.model_copy(update={"features": features}), make_score("sliced W2", 0.1)],
        counts={"generated": 1000, "reference": held_out},
    )
    return assemble([measured])


def test_fewer_held_out_samples_than_features_are_named_in_the_legend(make_record, make_score):
    (ranking,) = rankings(make_record, make_score, held_out=10, width=2048)
    (line,) = explain_few_samples(ranking)
    assert line[0].startswith(
        "Few samples: FD[classifier] (2,048 features, 10 held-out); covariances of fewer"
    )
    assert line in write_legend(ranking)


@pytest.mark.parametrize(("held_out", "width"), [(64, 64), (1000, 64), (10, None)])
def test_enough_samples_and_unknown_widths_are_passed_over(
    make_record, make_score, held_out, width
):
    (ranking,) = rankings(make_record, make_score, held_out, width)
    assert not explain_few_samples(ranking)
