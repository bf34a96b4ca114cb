"""Plans say where features outnumber the held-out samples."""


def test_a_plan_warns_of_fewer_held_out_samples_than_features(bench):
    few = {"counts": {"generated": 40, "reference": 10}}
    enough = {"counts": {"generated": 40, "reference": 32}}
    wide = {"features": ["wide-pixels(width=32)"]}
    (warning,) = bench.plan(**few, **wide).warnings
    assert warning.startswith(
        "'wide-pixels(width=32)' has 32 features, and 'stripes' 10 held-out samples: covariances"
    )
    assert not bench.plan(**enough, **wide).warnings
    assert not bench.plan(**few).warnings  # nothing is known of its width


def test_what_earlier_records_know_of_the_data_counts_too(bench):
    asked = {"features": ["wide-pixels(width=64)"], "only": ["*/normal/seed 0"]}
    assert not bench.plan(**asked).warnings
    bench.run(**asked, executor="inline")
    (warning,) = bench.plan(**asked).warnings
    assert "'stripes' 60 held-out samples" in warning
    (record,) = bench.records().values()
    widths = {score.features.width for score in record.scores if score.features}
    assert widths == {64}
