"""A wrong answer of a part never becomes a number, and no part changes what another measures."""

from pathlib import Path

import pytest

from samplebench.results.lookup import as_text

HELPERS = Path(__file__).parents[3] / "helpers"


@pytest.fixture
def wrong(bench):
    bench.plugin = HELPERS / "wrong_parts.py"

    def measure(**changes):
        """The one record of a suite of one sampler's cell, or else of the reconstruction row."""
        asked = {"seeds": [0], "samplers": [], "metrics": ["error"]} | changes
        bench.run(executor="inline", **asked)
        records = sorted(bench.records().values(), key=lambda record: record.role == "sampler")
        return records[-1]

    return measure


def values_of(record):
    return {score.title: score.value for score in record.scores}


def problems_of(record):
    return {score.title: score.problem for score in record.scores}


@pytest.mark.parametrize(
    ("dataset", "told"),
    [
        ("shared", "3 of 60 samples of test() are in train() too, byte for byte; leave them out"),
        ("misshapen", "train() must give images 1×8×9, its stated shape, and gave images 1×8×8"),
    ],
)
def test_a_dataset_that_breaks_its_promise_is_refused(wrong, dataset, told):
    record = wrong(datasets=[dataset])
    assert record.status == "failed"
    assert told in record.reason


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("noise", "encode must give the same latents of the same samples each time"),
        ("few", "encode(32 samples) must give 32 latents of Continuous(channels=2, grid=()) and"),
        (
            "tensor",
            "encode(32 samples) must give Latents and gave Tensor; return self.latent_space",
        ),
        ("other space", "and gave 32 of Continuous(channels=1, grid=(2,))"),
    ],
)
def test_an_encoding_that_is_none_fails_the_autoencoder(wrong, how, told):
    record = wrong(autoencoders=[f"encoder(how='{how}')"])
    assert record.status == "failed"
    assert told in record.reason


def test_an_autoencoder_may_say_that_it_draws_its_latents(wrong):
    assert wrong(autoencoders=["encoder(how='stated noise')"]).status == "measured"


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("bytes", "a floating tensor (40, 1, 8, 8), and gave torch.uint8 (40, 1, 8, 8)"),
        ("signed", "must give images in [0, 1] and gave values in [-"),
        ("nan", "must give images in [0, 1] and gave values in [nan, nan]"),
        ("few", "a floating tensor (40, 1, 8, 8), and gave torch.float32 (39, 1, 8, 8)"),
        ("flat", "a floating tensor (40, 1, 8, 8), and gave torch.float32 (40, 64)"),
        ("array", "a floating tensor (40, 1, 8, 8), and gave ndarray"),
    ],
)
def test_decoded_images_that_are_none_fail_the_cell(wrong, how, told):
    record = wrong(autoencoders=[f"decoder(how='{how}')"], samplers=["normal"])
    assert record.status == "failed"
    assert "decode(40 latents) must give images in [0, 1]" in record.reason
    assert told in record.reason


@pytest.mark.parametrize("part", ["decoder(how='in place')", "decoder(how='buffer')"])
def test_a_decoder_that_writes_where_it_should_not_measures_like_one_that_does_not(
    wrong, bench, part
):
    asked = {"samplers": ["normal"], "metrics": ["spread", "error", "distance", "sum"]}
    asked["counts"] = {"generated": 1000}  # two batches of equal length
    ours = wrong(autoencoders=[part], **asked)
    wrong(autoencoders=["linear"], **asked)
    honest = bench.records()["stripes / linear / normal / seed 0"]
    assert values_of(ours) == values_of(honest)


def test_an_encoder_with_one_buffer_measures_like_one_without(wrong, bench):
    asked = {
        "samplers": ["normal"],
        "metrics": ["spread", "sum"],
        "datasets": ["stripes(images=1000)"],
    }
    ours = wrong(autoencoders=["encoder(how='buffer')"], **asked)
    wrong(autoencoders=["linear"], **asked)
    honest = bench.records()["stripes(images=1000) / linear / normal / seed 0"]
    assert values_of(ours) == values_of(honest)


def test_a_sampler_with_one_buffer_measures_like_one_without(wrong, bench):
    asked = {"metrics": ["spread", "distance", "sum"]}
    ours = wrong(samplers=["one-buffer"], **asked)
    wrong(samplers=["normal"], **asked)
    honest = bench.records()["stripes / linear / normal / seed 0"]
    assert ours.status == honest.status == "measured"
    assert values_of(ours) == values_of(honest)


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("column", "a floating tensor (60,), and gave torch.float32 (60, 1)"),
        ("few", "a floating tensor (60,), and gave torch.float32 (59,)"),
        ("bytes", "a floating tensor (60,), and gave torch.int64 (60,)"),
        ("list", "a floating tensor (60,), and gave list"),
        ("nan", "log_prob(60 latents) must give log densities and gave NaN or infinity"),
        ("inf", "log_prob(60 latents) must give log densities and gave NaN or infinity"),
    ],
)
def test_a_density_that_is_none_costs_the_scores_that_read_it(wrong, how, told):
    record = wrong(samplers=[f"dense(how='{how}')"], metrics=["bits", "spread"])
    assert told in problems_of(record)["bits"]
    assert problems_of(record)["spread"] is None


def test_a_density_of_zero_is_an_answer(wrong):
    record = wrong(samplers=["dense(how='zero')"], metrics=["bits"])
    assert record.status == "measured"


def test_a_density_that_works_in_place_changes_no_score(wrong, bench):
    asked = {"metrics": ["bits", "sum"]}
    ours = wrong(samplers=["dense(how='in place')"], **asked)
    wrong(samplers=["dense"], **asked)
    honest = bench.records()["stripes / linear / dense / seed 0"]
    assert values_of(ours) == values_of(honest)


@pytest.mark.parametrize("by", ["torch", "numpy"])
def test_a_metric_that_writes_into_the_evidence_changes_no_score(wrong, by):
    counted = {"samplers": ["normal"], "counts": {"generated": 40, "draws": 2}}
    honest = wrong(metrics=["sum", "distance"], **counted)
    ours = wrong(metrics=[f"greedy(by='{by}')", "sum", "distance"], **counted)
    assert ours.status == "measured"
    scores = values_of(ours)
    assert scores.pop("greedy[pixels]") == 1
    assert scores == values_of(honest)


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("text", "measure must give a float and gave str '1.5'; return float(…)"),
        ("truth", "measure must give a float and gave bool True"),
        ("tensor", "measure must give a float and gave Tensor tensor(1., requires_grad=True)"),
        ("none", "measure must give a float and gave NoneType None"),
        ("exit", "SystemExit: 0"),
    ],
)
def test_a_score_that_is_no_number_costs_that_score_alone(wrong, how, told):
    record = wrong(samplers=["normal"], metrics=[f"odd(how='{how}')", "spread"])
    assert told in problems_of(record)["odd"]
    assert values_of(record)["spread"] is not None


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("text", ""),  # the words depend on whether types are checked
        ("nan", "number 'bias': nan, which is not finite, left out"),
        ("raise", "OSError: no bias today"),
    ],
)
def test_a_bad_floor_costs_the_floor_alone(wrong, how, told):
    metric = f"groundless(how='{how}')"
    record = wrong(metrics=[metric])
    (score,) = record.scores
    assert (record.status, score.value, score.floor) == ("measured", 1.0, None)
    [remark] = record.remarks
    assert remark.startswith(f"floor of {metric} is left out: {told}")


@pytest.mark.parametrize(
    ("how", "kept", "remark"),
    [
        ("nan", {"good": 0.5}, "diagnostics 'bad': nan, which is not finite, left out"),
        ("text", {"good": 0.5}, "diagnostics 'bad': str '0.5', which is no number, left out"),
        ("list", {}, "diagnostics must give a mapping and gave list: left out"),
        ("raise", {}, "diagnostics raised KeyError: 'std'"),
    ],
)
def test_bad_diagnostics_cost_themselves_alone(wrong, how, kept, remark):
    record = wrong(samplers=[f"diagnosing(how='{how}')"], metrics=["spread"])
    assert record.status == "measured"
    assert record.diagnostics == kept
    assert record.remarks == [remark]
    assert remark in as_text(record, width=200)


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("bytes", "a floating tensor (60, 64), and gave torch.uint8 (60, 64)"),
        ("few", "a floating tensor (60, 64), and gave torch.float32 (59, 64)"),
        ("map", "one vector for each sample, a floating tensor (60, 1), and gave torch.float32"),
        ("nan", "features(60 samples) must give finite numbers and gave NaN or infinity"),
    ],
)
def test_features_that_are_none_cost_the_scores_in_them_alone(wrong, how, told):
    record = wrong(
        samplers=["normal"],
        metrics=["distance", "spread"],
        features=[f"vectors(how='{how}')", "pixels"],
    )
    problems = problems_of(record)
    assert told in problems.pop(f"distance[vectors(how='{how}')]")
    assert set(problems) == {"distance[pixels]", "spread"}
    assert set(problems.values()) == {None}


def test_an_extractor_with_one_buffer_measures_like_one_without(wrong):
    record = wrong(
        samplers=["normal"],
        counts={"generated": 512},  # two batches of equal length
        metrics=["sum"],
        features=["vectors(how='buffer')", "pixels"],
    )
    assert len(set(values_of(record).values())) == 1
    assert len(record.scores) == 2


@pytest.mark.parametrize(
    ("how", "kept", "remarks"),
    [
        (
            "facts",
            {"pixels": 64.0},
            ["facts of Vectors 'accuracy': nan, which is not finite, left out"],
        ),
        ("raise", {}, ["facts of Vectors raised OSError: no facts today"]),
        ("titles", {"pixels": 64.0}, []),
    ],
)
def test_bad_facts_and_titles_of_an_extractor_cost_themselves_alone(wrong, how, kept, remarks):
    record = wrong(samplers=["normal"], metrics=["distance"], features=[f"vectors(how='{how}')"])
    (score,) = record.scores
    assert record.status == "measured"
    assert score.features.facts == kept
    assert score.title == f"distance[vectors(how='{how}')]"
    assert record.remarks == remarks
