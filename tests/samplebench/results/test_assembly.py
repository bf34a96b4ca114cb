"""Rankings from records: the rows, columns and scores that stand together, and their order."""

from collections.abc import Callable, Sequence

import pytest

from samplebench.results.assembly import assemble
from samplebench.results.ranking import Ranking
from samplebench.results.record import PartRecord, Record, Score
from samplebench.vocabulary import Floor

MakePart = Callable[..., PartRecord]
MakeScore = Callable[..., Score]
MakeRecord = Callable[..., Record]
SeedsOf = Callable[..., list[Record]]


def only(records: Sequence[Record]) -> Ranking:
    (table,) = assemble(records)
    return table


def names(table: Ranking) -> list[str]:
    return [row.name for row in table.rows]


def test_rows_come_as_references_controls_and_samplers_from_best_to_worst(
    seeds_of: SeedsOf, make_record: MakeRecord
) -> None:
    records = [
        *seeds_of("poor", [9.0, 9.5]),
        *seeds_of("good", [2.0, 2.5]),
        *seeds_of("copier", [1.0, 1.0], role="control"),
        *seeds_of(None, [0.5, 0.5], floor=0.1),
        make_record("banned", 0, [], status="refused", reason="no"),
        make_record("absent", 0, [], status="failed", reason="no"),
    ]
    table = only(records)
    kinds = ["floor", "reconstruction", "control", "sampler", "sampler", "sampler", "sampler"]
    assert [row.kind for row in table.rows] == kinds
    assert names(table)[2:] == ["copier", "good", "poor", "absent", "banned"]


def test_where_higher_is_better_the_highest_comes_first(seeds_of: SeedsOf) -> None:
    records = seeds_of("low", [1.0], better="higher") + seeds_of("high", [2.0], better="higher")
    assert names(only(records)) == ["high", "low"]


def test_a_diagnostic_ranks_nobody(make_record: MakeRecord, make_score: MakeScore) -> None:
    def scores(authenticity: float, distance: float) -> list[Score]:
        return [
            make_score("authenticity", authenticity, better="higher", alarm=0.8),
            make_score("FD", distance),
        ]

    records = [make_record("a", 0, scores(0.9, 7.0)), make_record("b", 0, scores(0.1, 3.0))]
    assert names(only(records)) == ["b", "a"]


def test_columns_come_by_subject_and_then_as_measured(
    make_record: MakeRecord, make_score: MakeScore
) -> None:
    subjects = ["cost", "latents", "images", "autoencoder", "images"]
    scores = [make_score(f"m{i}", 1.0, subject=subject) for i, subject in enumerate(subjects)]
    records = [make_record("gmm", 0, scores[::-1][:2]), make_record(None, 0, scores)]
    titles = [column.title for column in only(records).columns]
    assert titles == ["m2", "m4", "m1", "m3", "m0"]


def test_the_same_settings_are_one_row_whatever_they_were_called(
    make_record: MakeRecord, make_part: MakePart, make_score: MakeScore
) -> None:
    ways = [make_part("gmm", settings={"k": 10}), make_part("gmm(k=10)", settings={"k": 10})]
    records = [make_record(way, seed, [make_score("FD", 1.0)]) for seed, way in enumerate(ways)]
    (row,) = only(records).rows
    assert (row.name, row.n) == ("gmm", 2)


def test_other_settings_are_another_row_though_the_spec_is_the_same(
    make_record: MakeRecord, make_part: MakePart, make_score: MakeScore
) -> None:
    records = [
        make_record(make_part("gmm", settings={"k": k}), 0, [make_score("FD", float(k))])
        for k in (5, 10)
    ]
    assert names(only(records)) == ["gmm(k=5)", "gmm(k=10)"]


def test_loaded_weights_are_an_autoencoder_of_their_own(
    seeds_of: SeedsOf, make_part: MakePart
) -> None:
    loaded = make_part("vae", checkpoint="0123456789abcdef")
    table = only(seeds_of("gmm", [1.0]) + seeds_of("gmm", [2.0], autoencoder=loaded))
    assert [row.autoencoder for row in table.rows] == [
        "vae",
        "vae (trained elsewhere, weights 01234567)",
    ]


def test_what_was_trained_elsewhere_stands_beside_every_training(
    seeds_of: SeedsOf, make_part: MakePart
) -> None:
    loaded = make_part("vae", checkpoint="0123456789abcdef")
    protocols = [{"version": 1, "training": {"epochs": epochs}} for epochs in (5, 30)]
    trained = [record for p in protocols for record in seeds_of("gmm", [1.0], protocol=p)]
    others = seeds_of("gmm", [2.0], autoencoder=loaded, protocol={"version": 1})
    for records in (others + trained, trained + others):
        tables = assemble(records)
        assert [table.conditions["epochs"] for table in tables] == ["5", "30"]
        assert [len(table.rows) for table in tables] == [2, 2]
    [alone] = assemble(others)
    assert "epochs" not in alone.conditions
    elsewhere = seeds_of("gmm", [2.0], autoencoder=loaded, protocol={"version": 2})
    assert len(assemble(trained + elsewhere)) == 3  # it was measured otherwise


def test_autoencoders_come_in_the_order_of_their_numbers(seeds_of: SeedsOf) -> None:
    sizes = [f"vae(latent={size})" for size in (128, 8, 32)]
    table = only([record for size in sizes for record in seeds_of("gmm", [1.0], autoencoder=size)])
    assert [row.autoencoder for row in table.rows] == [sizes[1], sizes[2], sizes[0]]


def test_two_extractors_of_one_title_are_two_columns(seeds_of: SeedsOf) -> None:
    records = [
        *seeds_of("gmm", [1.0, 2.0], title="FD[classifier]", weights="a"),
        *seeds_of("pmfs", [3.0, 4.0], title="FD[classifier]", weights="b"),
    ]
    table = only(records)
    titles = [column.title for column in table.columns]
    digests = [column.features.weights[:4] for column in table.columns if column.features]
    assert sorted(titles) == sorted(f"FD[classifier]·{digest}" for digest in digests)
    assert sorted(len(entry.values) for row in table.rows for entry in row.entries) == [0, 0, 2, 2]


def test_one_metric_with_two_settings_is_two_columns(
    make_record: MakeRecord, make_score: MakeScore
) -> None:
    scores = [make_score("W2", 1.0, metric=f"w2(projections={n})") for n in (100, 1000)]
    titles = [column.title for column in only([make_record("gmm", 0, scores)]).columns]
    assert titles == ["W2 w2(projections='100')", "W2 w2(projections='1000')"]


def test_two_protocols_are_two_tables_that_say_how_they_differ(seeds_of: SeedsOf) -> None:
    protocols = [
        {"training": {"epochs": epochs, "steps": None, "batch": 128}} for epochs in (5, 30)
    ]
    found = assemble([r for p in protocols for r in seeds_of("gmm", [1.0, 2.0], protocol=p)])
    assert [[(name, table.conditions[name]) for name in table.differs] for table in found] == [
        [("epochs", "5")],
        [("epochs", "30")],
    ]
    assert [row.n for table in found for row in table.rows] == [2, 2]


def test_other_data_under_the_same_name_is_another_table(seeds_of: SeedsOf) -> None:
    found = assemble(
        [
            *seeds_of("gmm", [1.0], provenance={"data": "a" * 16}),
            *seeds_of("gmm", [1.0, 2.0], provenance={"data": "b" * 16}),
        ]
    )
    assert [table.differs for table in found] == [("data",), ("data",)]


def test_a_cell_that_never_saw_the_data_joins_those_that_did(
    seeds_of: SeedsOf, make_record: MakeRecord
) -> None:
    refused = make_record(
        "vq", 0, [], status="refused", reason="no codes", provenance={"data": None}
    )
    assert names(only([*seeds_of("gmm", [1.0]), refused])) == ["gmm", "vq"]


def test_of_two_records_of_a_cell_the_last_counts(
    make_record: MakeRecord, make_score: MakeScore
) -> None:
    records = [
        make_record(
            "gmm",
            0,
            [make_score("FD", float(day))],
            identity="same",
            provenance={"finished": f"2026-10-0{day}T00:00:00+00:00"},
        )
        for day in (2, 3, 1)
    ]
    assert only(records).rows[0].entries[0].values == (3.0,)


def test_the_floor_of_a_seed_is_taken_from_its_reconstructions_first(seeds_of: SeedsOf) -> None:
    records = [*seeds_of(None, [2.0, 2.5], floor=0.5), *seeds_of("gmm", [3.0] * 3, floor=0.7)]
    floor = only(records).rows[0]
    assert (floor.kind, floor.entries[0].values) == ("floor", (0.5, 0.5, 0.7))


def test_a_floor_that_reconstructions_do_not_have_is_taken_from_samplers(
    seeds_of: SeedsOf,
) -> None:
    records = [
        *seeds_of(None, [2.0], floor=0.5),
        *seeds_of("gmm", [0.3], title="sliced W2", subject="latents", floor=0.1),
    ]
    assert [entry.values for entry in only(records).rows[0].entries] == [(0.5,), (0.1,)]


def test_the_floor_has_a_value_for_each_subset_averaged_over_seeds(
    make_record: MakeRecord, make_score: MakeScore
) -> None:
    """Image scores of real data are the same at each seed, and must not count as new ones."""
    records = [
        make_record(
            None,
            seed,
            [
                make_score("FD", 2.0, floor=Floor((0.5, 0.7, 0.9), 600)),
                make_score("sliced W2", None, problem=None, subject="latents", floor=floor),
            ],
        )
        for seed, floor in enumerate([Floor((0.1, 0.2, 0.3), 600), Floor((0.3, 0.2, 0.1), 600)])
    ]
    floor, reconstruction = only(records).rows
    assert floor.entries[0].values == (0.5, 0.7, 0.9)
    assert floor.entries[1].values == pytest.approx((0.2, 0.2, 0.2))
    assert reconstruction.entries[1].values == reconstruction.entries[1].problems == ()


def test_a_measured_floor_is_never_averaged_with_an_estimate(
    make_record: MakeRecord, make_score: MakeScore
) -> None:
    records = [
        make_record(None, seed, [make_score("FD", 2.0, floor=floor)])
        for seed, floor in enumerate([0.1, Floor((0.5, 0.7), 600)])
    ]
    assert only(records).rows[0].entries[0].values == (0.5, 0.7)


def test_a_cost_that_nothing_has_gets_no_column(seeds_of: SeedsOf) -> None:
    records = [
        *seeds_of("gmm", [3.0]),
        *seeds_of("pmfs", [0.0], title="fit GPU memory", subject="cost"),
        *seeds_of("flow", [0.0], title="fit memory", subject="cost"),
        *seeds_of("kde", [1.0], title="fit memory", subject="cost"),
    ]
    assert [column.title for column in only(records).columns] == ["FD", "fit memory"]


def test_without_reconstructions_the_floor_has_one_value_a_seed(seeds_of: SeedsOf) -> None:
    records = [*seeds_of("pmfs", [3.0] * 2, floor=0.7), *seeds_of("gmm", [3.0] * 3, floor=0.7)]
    assert only(records).rows[0].entries[0].values == (0.7, 0.7, 0.7)


def test_without_a_floor_there_is_no_such_row(seeds_of: SeedsOf) -> None:
    assert [row.kind for row in only(seeds_of(None, [2.0])).rows] == ["reconstruction"]


def test_a_score_of_the_autoencoder_is_shown_once(
    make_record: MakeRecord, make_score: MakeScore
) -> None:
    def scores(value: float) -> list[Score]:
        return [make_score("FD", value), make_score("MSE", value, subject="autoencoder")]

    records = [make_record(name, 0, scores(1.0)) for name in (None, "gmm", "pmfs")]
    shown = {row.name: len(row.entries[1].values) for row in only(records).rows}
    assert shown == {"reconstruction": 1, "gmm": 0, "pmfs": 0}


def test_a_failed_seed_does_not_count(seeds_of: SeedsOf, make_record: MakeRecord) -> None:
    failed = make_record("gmm", 7, [], status="failed", reason="killed")
    (row,) = only([*seeds_of("gmm", [1.0, 2.0]), failed]).rows
    assert (row.n, [record.seed for record in row.unmeasured]) == (2, [7])


def test_an_autoencoder_that_takes_no_such_samples_has_one_row(make_record, seeds_of):
    no = {"status": "refused", "reason": "takes images", "autoencoder": "vq"}
    rows = [make_record(name, 0, [], **no) for name in (None, "gmm", "kde")]
    ranking = only([*seeds_of("gmm", [1.0, 2.0]), *rows])
    assert [(row.autoencoder, row.name) for row in ranking.rows] == [
        ("vae", "gmm"),
        ("vq", "reconstruction"),
    ]
    other = make_record("pmfs", 0, [], **no | {"reason": "no codes"})
    kept = [row.name for row in only([*rows, other]).rows]
    assert kept == ["reconstruction", "gmm", "kde", "pmfs"]
