"""Excerpts of boards in every format: what was chosen is shown, and nothing else changes."""

import csv
import io
import json
import math
from importlib import resources
from itertools import product

import jsonschema
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samplebench.errors import UsageError
from samplebench.results.blocks import Link, Strong, Table
from samplebench.results.board import make_board
from samplebench.results.excerpt import excerpt_blocks, make_excerpts, transpose
from samplebench.results.formats.choice import FORMATS
from samplebench.results.selection import Selection
from samplebench.vocabulary import Floor

TEXT = {"type": "string"}
NUMBER = {"type": "number"}
TEXTS = {"type": "object", "additionalProperties": TEXT}


def fields(required: str, **properties) -> dict:
    return {"type": "object", "required": required.split(), "properties": properties}


# What eval.schema.json 0.2.2 asks of the fields that are written here, restated: the repository
# of Every Eval Ever names no licence by which its file could stand here.
EVERY_EVAL_EVER = {
    **fields(
        "schema_version evaluation_id retrieved_timestamp source_metadata model_info "
        "eval_library evaluation_results",
        schema_version=TEXT,
        evaluation_id=TEXT,
        evaluation_timestamp=TEXT,
        retrieved_timestamp=TEXT,
        source_metadata=fields(
            "source_type source_organization_name evaluator_relationship",
            source_name=TEXT,
            source_type={"enum": ["documentation", "evaluation_run"]},
            source_organization_name=TEXT,
            evaluator_relationship={
                "enum": ["first_party", "third_party", "collaborative", "other"]
            },
            additional_details=TEXTS,
        ),
        eval_library=fields("name version", name=TEXT, version=TEXT, additional_details=TEXTS),
        model_info=fields("name id", name=TEXT, id=TEXT, additional_details=TEXTS),
        evaluation_results={
            "type": "array",
            "items": fields(
                "evaluation_name source_data metric_config score_details",
                evaluation_result_id=TEXT,
                evaluation_name=TEXT,
                source_data=fields(
                    "dataset_name source_type",
                    dataset_name=TEXT,
                    source_type={"const": "other"},
                    source_id=TEXT,
                    source_version=TEXT,
                    additional_details=TEXTS,
                ),
                metric_config={
                    **fields(
                        "lower_is_better",
                        metric_id=TEXT,
                        metric_name=TEXT,
                        metric_kind=TEXT,
                        metric_unit=TEXT,
                        metric_parameters={
                            "type": "object",
                            "additionalProperties": {
                                "type": ["string", "number", "boolean", "null"]
                            },
                        },
                        lower_is_better={"type": "boolean"},
                        additional_details=TEXTS,
                    ),
                    "not": {"required": ["score_type"]},  # it would ask for a range
                },
                score_details=fields(
                    "score",
                    score=NUMBER,
                    details=TEXTS,
                    uncertainty=fields(
                        "",
                        standard_error=fields("value", value=NUMBER, method=TEXT),
                        confidence_interval=fields(
                            "lower upper",
                            lower=NUMBER,
                            upper=NUMBER,
                            confidence_level={"type": "number", "minimum": 0, "maximum": 1},
                            method=TEXT,
                        ),
                        standard_deviation=NUMBER,
                        num_samples={"type": "integer"},
                    ),
                ),
                generation_config=fields("", additional_details=TEXTS),
            ),
        },
    ),
    "additionalProperties": False,
}


@pytest.fixture(scope="session")
def board(make_record, make_score):
    """Two autoencoders, two samplers, a reference, three scores, and a row of one seed."""

    def scores(value: float, sampler: str | None) -> list:
        floor = Floor((0.5, 0.7), count=100)
        return [
            make_score("FD[classifier]", value, weights="a", floor=floor),
            make_score("NLL", value / 3, unit="bits", subject="latents"),
            *([make_score("fit", value, unit="s", subject="cost")] if sampler else []),
        ]

    rows = product(("ae", "vae(latent=4)"), {"gmm(k=1)": 1.0, "kde": 9.0, None: 5.0}.items())
    records = [
        make_record(sampler, seed, scores(value + seed / 100, sampler), autoencoder=autoencoder)
        for autoencoder, (sampler, value) in rows
        for seed in range(3)
    ]
    return make_board("toy", [*records, make_record("once", 0, scores(7.0, "once"))])


def excerpts_of(board, **choice):
    return make_excerpts([board], Selection(**choice))


def tables_of(board, **choice) -> list[Table]:
    blocks = [block for each in excerpts_of(board, **choice) for block in excerpt_blocks(each)]
    return [block for block in blocks if isinstance(block, Table)]


def words_of(board, **choice) -> str:
    return FORMATS["markdown"](excerpts_of(board, **choice), False)


def text_of(cell) -> str:
    return "".join(run if isinstance(run, str) else run.text for run in cell)


def rows_of(table: Table) -> list[list[str]]:
    return [[text_of(cell) for cell in row] for row in table.rows]


def test_without_a_choice_every_row_and_score_is_shown(board):
    [table], [ranking] = tables_of(board), board.rankings
    assert len(table.rows) == len(ranking.rows)
    assert len(table.headings) == 3 + len(ranking.columns)
    assert "Shown are" not in words_of(board)


def test_chosen_rows_and_columns_are_shown_in_the_order_of_the_patterns(board):
    [table] = tables_of(
        board, columns=["fit", "FD[*"], autoencoders=["v*"], samplers=["kde", "gmm*"]
    )
    assert [text_of(each) for each in table.headings[3:]] == ["fit [s] ↓", "FD[classifier] ↓"]
    assert [row[:2] for row in rows_of(table)] == [
        ["vae(latent=4)", "gmm(k=1)"],
        ["vae(latent=4)", "kde"],
    ]


def test_brackets_in_a_pattern_stand_for_themselves(board):
    with pytest.raises(UsageError, match=r"no score fits 'FD\[a-z\]\*'"):
        tables_of(board, columns=["FD[a-z]*"])
    assert len(tables_of(board, columns=["FD[classifier]"])[0].headings) == 4


@given(
    st.lists(st.sampled_from(["gmm*", "kde", "once", "reconstruction", "real data"]), min_size=1),
    st.lists(st.sampled_from(["FD*", "NLL", "fit", "*"]), min_size=1),
)
@settings(deadline=None, max_examples=30)
def test_a_choice_changes_no_cell_that_it_shows(board, samplers, columns):
    [whole], [part] = tables_of(board), tables_of(board, samplers=samplers, columns=columns)
    full = {tuple(row[:2]): dict(zip(whole.headings, row, strict=True)) for row in whole.rows}
    for row in part.rows:
        for heading, cell in zip(part.headings, row, strict=True):
            assert cell == full[tuple(row[:2])][heading]


def test_what_is_bold_is_decided_on_the_whole_board_and_said_so(board):
    [table] = tables_of(board, samplers=["gmm*"], columns=["FD*"])
    assert all(isinstance(row[-1][0], Strong) for row in table.rows)
    assert "Shown are 2 of 10 rows and 1 of 3 scores of the board `toy`" in words_of(
        board, samplers=["gmm*"], columns=["FD*"]
    )
    left_out = words_of(board, samplers=["kde"], columns=["FD*"])
    assert "decided on the whole board, and none of it is shown" in left_out
    assert "Nothing is bold" not in left_out


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"columns": ["FDD"]}, r"no score fits 'FDD'.*There are: FD\[classifier\], NLL, fit"),
        ({"samplers": ["gmm"]}, r"no sampler fits 'gmm'; did you mean 'gmm\(k=1\)'\?"),
        ({"autoencoders": ["vea*"]}, r"no autoencoder fits 'vea\*'"),
        ({"autoencoders": ["ae"], "samplers": ["once"]}, "no row has such an autoencoder"),
    ],
)
def test_a_choice_of_nothing_is_told_with_what_there_is(board, choice, message):
    with pytest.raises(UsageError, match=message):
        excerpts_of(board, **choice)


def test_a_transposed_table_has_the_same_cells(board):
    for choice in ({}, {"autoencoders": ["ae"]}):
        [table] = tables_of(board, **choice)
        turned = transpose(table)
        assert len(turned.rows) == len(table.headings) - 2
        for place, row in enumerate(turned.rows):
            assert row[turned.labels :] == tuple(cells[2 + place] for cells in table.rows)
            assert row[turned.labels - 1] == table.headings[2 + place]
        assert len(set(turned.headings)) == len(turned.headings)
        names = [text_of(each) for each in turned.headings]
        assert names[: turned.labels] == (["autoencoder", "score"] if choice else ["score"])
        assert ("gmm(k=1)" if choice else "ae × gmm(k=1)") in names


def test_no_cell_links_to_a_file_of_the_folder_that_it_leaves(board):
    cells = [cell for table in tables_of(board) for row in table.rows for cell in row]
    assert not any(isinstance(run, Link) for cell in cells for run in cell)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_same_text_twice_and_in_any_order_of_records(board, name):
    first = FORMATS[name](excerpts_of(board), False)
    records = [record for ranking in board.rankings for record in ranking.records]
    again = make_board("toy", list(reversed(records)))
    assert FORMATS[name](excerpts_of(again), False) == first


@pytest.mark.parametrize("name", ["csv", "json"])
def test_what_has_no_rows_and_columns_is_not_transposed(board, name):
    with pytest.raises(UsageError, match="leave --transpose out"):
        FORMATS[name](excerpts_of(board), True)


def test_csv_has_a_line_for_each_score_with_every_digit(board):
    text = FORMATS["csv"](excerpts_of(board), False)
    read = list(csv.DictReader(io.StringIO(text)))
    [ranking] = board.rankings
    summaries = {
        (row.autoencoder, row.name, column.title): (entry.summary, entry.bold)
        for row in ranking.rows
        for column, entry in zip(ranking.columns, row.entries, strict=True)
        if entry.summary
    }
    assert len(read) == len(summaries)
    for line in read:
        summary, bold = summaries[line["autoencoder"], line["sampler"], line["score"]]
        assert float(line["mean"]) == summary.mean  # not nearly: every digit
        assert (float(line["std"]) if line["std"] else None) == summary.std
        assert int(line["n"]) == summary.n
        assert line["bold"] == str(bold)
        assert line["suite"] == "toy"
    assert "\r" not in text


@given(
    st.sampled_from(["=", "+", "-", "@", "\t=", "\r@"]),
    st.text(st.characters(codec="utf-8"), max_size=8),
)
@settings(deadline=None, max_examples=30)
def test_no_text_in_csv_is_a_formula_of_a_spreadsheet(make_record, make_score, sign, rest):
    title = f"{sign}{rest}"
    record = make_record("gmm", 0, [make_score(title, -1.5, metric="m")])
    text = FORMATS["csv"](make_excerpts([make_board("toy", [record])], Selection()), False)
    frame = pd.read_csv(io.StringIO(text, newline=""), keep_default_na=False)
    assert frame["mean"].tolist() == [-1.5]
    [cell] = frame["score"]
    assert cell.startswith("'")


def test_json_is_that_of_every_eval_ever(board):
    records = json.loads(FORMATS["json"](excerpts_of(board), False))
    for record in records:
        jsonschema.validate(record, EVERY_EVAL_EVER, jsonschema.Draft7Validator)
    assert len({record["evaluation_id"] for record in records}) == len(records) == 7


def test_json_fits_the_published_schema(board):
    package = pytest.importorskip("every_eval_ever", reason="every-eval-ever is not installed")
    schema = resources.files(package) / "schemas" / "eval.schema.json"
    records = json.loads(FORMATS["json"](excerpts_of(board), False))
    for record in records:
        jsonschema.validate(record, json.loads(schema.read_text()), jsonschema.Draft7Validator)
    assert len(records) == 7


def test_json_says_what_is_uncertain(board):
    records = json.loads(FORMATS["json"](excerpts_of(board), False))
    by_name = {record["model_info"]["name"]: record for record in records}
    [first, *_] = by_name["ae × gmm(k=1)"]["evaluation_results"]
    details = first["score_details"]
    assert details["score"] == pytest.approx(1.01)
    found = details["uncertainty"]
    assert found["standard_deviation"] == pytest.approx(0.01)
    assert found["standard_error"]["value"] == pytest.approx(0.01 / math.sqrt(3))
    half = 4.302652729911275 * 0.01 / math.sqrt(3)  # of a table of Student's t, 2 degrees
    assert found["confidence_interval"]["lower"] == pytest.approx(1.01 - half)
    assert found["confidence_interval"]["upper"] == pytest.approx(1.01 + half)
    assert found["num_samples"] == 3
    assert json.loads(details["details"]["values by seed"]) == {"0": 1.0, "1": 1.01, "2": 1.02}
    once = by_name["vae × once"]["evaluation_results"][0]["score_details"]["uncertainty"]
    assert once == {"num_samples": 1}
