"""Records: strict when built, strict when read."""

import json
import math
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from samplebench.errors import BadRecord, OtherFormat
from samplebench.results import record_file
from samplebench.results.record import PartRecord, Record, Score
from samplebench.vocabulary import Cost, Floor

MakeScore = Callable[..., Score]
MakeRecord = Callable[..., Record]

FORMAT_1 = Path(__file__).parent / "format_1"


def change(record: Record, **changes: Any) -> str:
    """The file of a record with other fields and a digest that fits."""
    return record_file.write(record.model_dump(mode="json") | changes)


def test_a_record_is_read_back_as_it_was_written(
    make_record: MakeRecord, make_score: MakeScore
) -> None:
    record = make_record(
        "gmm(components=10)", 3, [make_score("FD", 0.1 + 0.2), make_score("×", 1)]
    )
    assert Record.from_json(record.to_json()) == record


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_score_that_is_not_finite_cannot_be_built(make_score: MakeScore, value: float) -> None:
    with pytest.raises(ValidationError, match="finite"):
        make_score("FD", value)


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_a_score_that_is_not_finite_cannot_be_read(
    make_record: MakeRecord, make_score: MakeScore, word: str
) -> None:
    text = make_record("gmm", 0, [make_score("FD", 0.125)]).to_json()
    with pytest.raises(BadRecord, match=f"{word} is no number of JSON"):
        Record.from_json(text.replace("0.125", word))


@pytest.mark.parametrize(("value", "problem"), [(1.0, "both"), (None, None)])
def test_a_score_has_either_a_value_or_a_problem(
    make_score: MakeScore, value: float | None, problem: str | None
) -> None:
    with pytest.raises(ValidationError, match="or else a problem"):
        make_score("FD", value, problem=problem)


@pytest.mark.parametrize(
    ("status", "reason"), [("failed", None), ("refused", None), ("measured", "why")]
)
def test_a_reason_belongs_to_failed_and_refused_cells(
    make_record: MakeRecord, status: str, reason: str | None
) -> None:
    with pytest.raises(ValidationError, match="a reason belongs"):
        make_record("gmm", 0, [], status=status, reason=reason)


def test_the_json_is_strict(make_record: MakeRecord, make_score: MakeScore) -> None:
    def forbid(word: str) -> None:
        raise AssertionError(f"{word} is not JSON")

    json.loads(make_record("gmm", 0, [make_score("FD", None)]).to_json(), parse_constant=forbid)


def test_settings_that_are_not_finite_cannot_be_written(
    make_record: MakeRecord, make_part: Callable[..., PartRecord]
) -> None:
    record = make_record("gmm", 0, [], dataset=make_part("digits", settings={"size": math.nan}))
    with pytest.raises(ValueError, match="JSON"):
        record.to_json()


def test_another_format_is_refused_as_such(make_record: MakeRecord, make_score: MakeScore) -> None:
    text = make_record("gmm", 0, [make_score("FD", 1.0)]).to_json()
    with pytest.raises(OtherFormat, match="has format 3, and this samplebench reads formats 1"):
        Record.from_json(text.replace('"format": 2', '"format": 3'))


def test_a_field_that_no_record_has_is_refused(
    make_record: MakeRecord, make_score: MakeScore
) -> None:
    record = make_record("gmm", 0, [make_score("FD", 1.0)])
    with pytest.raises(BadRecord, match="guess"):
        Record.from_json(change(record, guess=0))


def test_a_score_that_was_edited_is_noticed(
    make_record: MakeRecord, make_score: MakeScore
) -> None:
    text = make_record("gmm", 0, [make_score("FD", 2.5)]).to_json()
    assert Record.from_json(text).scores[0].value == 2.5
    with pytest.raises(BadRecord, match="a field was changed after it was written"):
        Record.from_json(text.replace("2.5", "1.5"))


def test_a_record_keeps_the_score_of_each_subset_of_real_data(
    make_record: MakeRecord, make_score: MakeScore
) -> None:
    floor = Floor((0.5, 0.75), 600, bias=0.25)
    record = Record.from_json(make_record(None, 0, [make_score("FD", 1.0, floor=floor)]).to_json())
    assert record.scores[0].floor == floor
    assert floor.mean == 0.625


def test_a_floor_that_was_a_number_is_an_estimate(
    make_record: MakeRecord, make_score: MakeScore
) -> None:
    text = make_record(None, 0, [make_score("FD", 1.0, floor=0.5)]).to_json()
    assert Record.from_json(text).scores[0].floor == Floor((0.5,), count=None)


def test_a_score_may_be_a_floor_alone_and_not_nothing(make_score: MakeScore) -> None:
    alone = {"problem": None, "floor": Floor((0.5,), 600)}
    assert make_score("sliced W2", None, **alone).value is None
    with pytest.raises(ValidationError, match="a value, or else a problem"):
        make_score("sliced W2", None, **(alone | {"floor": None}))
    with pytest.raises(ValidationError, match="a value, or else a problem"):
        make_score("sliced W2", 1.0, **(alone | {"problem": "too late"}))


@pytest.mark.parametrize("file", sorted(FORMAT_1.glob("*.json")), ids=lambda file: file.stem)
def test_a_record_of_format_1_is_read_as_unverified_with_the_same_numbers(file: Path) -> None:
    before = json.loads(file.read_text(encoding="utf-8"))
    record = Record.from_json(file.read_text(encoding="utf-8"))
    assert record.verification.state == "unverified"
    assert Record.from_json(record.to_json()) == record
    after = record.model_dump(mode="json")
    assert after["provenance"]["commit"] == before["provenance"]["commit"]
    for name in ("identity", "status", "reason", "role", "costs", "diagnostics", "counts"):
        assert after[name] == before[name]
    numbers = [
        (
            score["title"],
            score["value"],
            None if score["floor"] is None else Floor((score["floor"],)),
        )
        for score in before["scores"]
    ]
    assert [(score.title, score.value, score.floor) for score in record.scores] == numbers
    assert {score.metric.code for score in record.scores} <= {None}


def test_there_is_a_record_of_format_1_of_each_kind() -> None:
    records = [Record.from_json(file.read_text()) for file in FORMAT_1.glob("*.json")]
    kinds = {(record.role, record.status) for record in records}
    assert {role for role, _ in kinds} == {"sampler", "control", "reconstruction"}
    assert {status for _, status in kinds} == {"measured", "incomplete", "failed", "refused"}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"wall_seconds": None}, r"costs\.fit\.wall_seconds"),
        ({"guess": 0}, r"costs\.fit\.guess"),
        ({"count": "many"}, r"costs\.fit\.count"),
    ],
)
def test_costs_are_read_as_strictly_as_the_rest(
    make_record: MakeRecord, make_score: MakeScore, changes: dict[str, Any], reason: str
) -> None:
    costs = {"fit": Cost(1.5, 2.5, host_peak_bytes=3, device_peak_bytes=0, count=7)}
    record = make_record("gmm", 0, [make_score("FD", 1.0)], costs=costs)
    assert Record.from_json(record.to_json()).costs == costs
    with pytest.raises(BadRecord, match=reason):
        Record.from_json(change(record, costs={"fit": asdict(costs["fit"]) | changes}))


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ('"value": 0.125', '"value": "0.125"', r"scores\.0\.value"),
        ('"value": 0.125', '"value": true', r"scores\.0\.value"),
        ('"seed": 3', '"seed": "3"', "seed"),
        ('"seed": 3', '"seed": 3.0', "seed"),
        ('"reference": 360', '"reference": true', "counts"),
        ('"wall_seconds": 1.5', '"wall_seconds": "1.5"', r"costs\.fit\.wall_seconds"),
        ('"held_out_accuracy": 0.987', '"held_out_accuracy": false', "held_out_accuracy"),
        ('"value": 0.125', '"value": 0.5,\n"value": 0.125', "the key 'value' stands twice"),
        ('"seed": 3', '"seed": 4,\n"seed": 3', "the key 'seed' stands twice"),
    ],
)
def test_texts_truths_and_repeated_keys_are_no_numbers(
    make_record: MakeRecord, make_score: MakeScore, before: str, after: str, reason: str
) -> None:
    costs = {"fit": Cost(1.5, 2.5, host_peak_bytes=3, device_peak_bytes=0, count=7)}
    text = make_record("gmm", 3, [make_score("FD", 0.125, weights="w")], costs=costs).to_json()
    assert before in text
    changed = text.replace(before, after, 1)
    if "twice" not in reason:  # as somebody would who edits a record and knows the digest
        content = json.loads(changed)
        content.pop("content_digest")
        changed = record_file.write(content)
    with pytest.raises(BadRecord, match=reason):
        Record.from_json(changed)


def test_true_is_no_format(make_record: MakeRecord, make_score: MakeScore) -> None:
    text = make_record("gmm", 0, [make_score("FD", 1.0)]).to_json()
    with pytest.raises(OtherFormat, match="has format True"):
        Record.from_json(text.replace('"format": 2', '"format": true'))


def test_a_metric_with_other_settings_or_features_is_another_column(
    make_score: MakeScore,
) -> None:
    scores = [
        make_score("FD", 1.0),
        make_score("FD", 1.0, weights="a"),
        make_score("FD", 1.0, weights="b"),
        make_score("FD", 1.0, metric="frechet(order=1)"),
        make_score("FD", 1.0, metric="frechet(order=2)"),
    ]
    assert len({score.column for score in scores}) == len(scores)


def test_file_names_tell_cells_apart(make_record: MakeRecord) -> None:
    records = [
        make_record(name, seed, []) for name in (None, "gmm", "gmm(k=2)") for seed in (0, 1)
    ]
    assert len({record.file_name for record in records}) == len(records)
    assert records[2].file_name.startswith("digits_vae_gmm_0_")
    assert records[0].file_name.startswith("digits_vae_reconstruction_0_")


def test_a_changed_copy_has_the_key_of_what_it_is(
    make_part: Callable[..., PartRecord], make_score: MakeScore
) -> None:
    part = make_part("gmm(components=10)")
    before = part.key
    assert part.model_copy(update={"name": "kde"}).key != before
    assert part.model_copy().key == before
    score = make_score("FD", 1.0)
    assert score.column != score.model_copy(update={"title": "other"}).column
    assert "key" not in part.model_dump()
    assert part == make_part("gmm(components=10)")  # which has not been asked for its key
