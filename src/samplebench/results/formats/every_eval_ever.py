"""Scores in the JSON of Every Eval Ever, by which programs exchange results of benchmarks.

One record for each row of a board: its autoencoder with its sampler is the model. What the schema
has no field for is in ``additional_details``, whose values are texts. ``score_type`` is left out:
it would ask for the least and the greatest score, which distances do not have.

Reference: Every Eval Ever, https://github.com/evaleval/every_eval_ever, eval.schema.json 0.2.2.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from samplebench.results.excerpt import Excerpt
from samplebench.results.labels import list_distinct, shorten
from samplebench.results.ranking import Column, Entry, Row
from samplebench.results.record import Record, Score
from samplebench.results.states import mark_of

SCHEMA: Final = "0.2.2"

_LEVEL: Final = 0.95


def render(excerpts: Iterable[Excerpt]) -> str:
    """A list of records, a record a row. Rows of real data are no model, and have none, nor has a
    row without a score.
    """
    records = [
        _describe_row(excerpt, row)
        for excerpt in excerpts
        for row in excerpt.shown.rows
        if row.kind != "floor" and any(entry.values for entry in row.entries)
    ]
    return json.dumps(records, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _describe_row(excerpt: Excerpt, row: Row) -> dict[str, Any]:
    finished = max(record.provenance.finished for record in row.measured)
    model = f"samplebench/{row.autoencoder}+{row.name}"
    created = f"{datetime.fromisoformat(finished).timestamp():.0f}"
    versions = list_distinct(record.provenance.samplebench for record in row.measured)
    return {
        "schema_version": SCHEMA,
        "evaluation_id": f"samplebench-{excerpt.suite}/{model}/{created}",
        "evaluation_timestamp": finished,
        "retrieved_timestamp": created,
        "source_metadata": {
            "source_name": f"samplebench board {excerpt.suite}",
            "source_type": "evaluation_run",
            "source_organization_name": "samplebench",
            "evaluator_relationship": "other",
            "additional_details": _describe_origin(row.measured),
        },
        "eval_library": {"name": "samplebench", "version": versions},
        "model_info": {
            "name": f"{row.autoencoder} × {row.name}",
            "id": model,
            "additional_details": {
                "autoencoder": row.autoencoder,
                "sampler": row.name,
                "kind": row.kind,
                "marks": " ".join(filter(None, ("‡" if row.alarms else "", mark_of(row)))),
            },
        },
        "evaluation_results": [
            _describe_score(excerpt, row, column, entry)
            for column, entry in zip(excerpt.shown.columns, row.entries, strict=True)
            if entry.values
        ],
    }


def _describe_origin(records: Sequence[Record]) -> dict[str, str]:
    """The records that the scores come from, and what they were made with."""
    origins = [record.provenance for record in records]
    facts = {
        "records": [record.identity for record in records],
        "seeds": [str(record.seed) for record in records],
        "commit": [origin.commit or "" for origin in origins],
        "python": [origin.python for origin in origins],
        "torch": [origin.torch for origin in origins],
        "device": [origin.device for origin in origins],
        "suite": [shorten(origin.suite) for origin in origins],
    }
    return {name: list_distinct(filter(None, values)) for name, values in facts.items()}


def _describe_score(excerpt: Excerpt, row: Row, column: Column, entry: Entry) -> dict[str, Any]:
    score = next(
        score
        for record in row.measured
        for score in record.scores
        if score.column == column.key and score.value is not None
    )
    names = (f"samplebench-{excerpt.suite}", excerpt.shown.title, column.title)
    return {
        "evaluation_result_id": "/".join(names),
        "evaluation_name": f"{excerpt.title}: {column.title}",
        "source_data": _describe_data(row.measured[0]),
        "metric_config": _describe_metric(column, score),
        "score_details": _describe_value(entry),
        "generation_config": {"additional_details": dict(excerpt.shown.conditions)},
    }


def _describe_data(record: Record) -> dict[str, Any]:
    version = {"source_version": record.provenance.data} if record.provenance.data else {}
    return {
        "dataset_name": record.dataset.name,
        "source_type": "other",
        "source_id": record.dataset.spec,
        **version,
        "additional_details": {name: str(count) for name, count in record.counts.items()},
    }


def _describe_metric(column: Column, score: Score) -> dict[str, Any]:
    features = column.features
    extractor = {"features": features.part.spec, "weights": features.weights} if features else {}
    return {
        "metric_id": f"samplebench.{score.metric.name}",
        "metric_name": column.title,
        "metric_kind": score.metric.name,
        **({"metric_unit": column.unit} if column.unit else {}),
        "metric_parameters": {
            name: value if isinstance(value, str | int | float | None) else json.dumps(value)
            for name, value in score.metric.settings.items()
        },
        "lower_is_better": column.better == "lower",
        "additional_details": {
            "subject": column.subject,
            "diagnostic": str(column.diagnostic).lower(),
            **extractor,
        },
    }


def _describe_value(entry: Entry) -> dict[str, Any]:
    """The mean over seeds, and what is known of it; nothing but the number of seeds for one."""
    summary = entry.summary
    assert summary is not None  # entries without values are left out
    uncertainty: dict[str, Any] = {"num_samples": summary.n}
    if interval := summary.interval(_LEVEL):
        lower, upper = interval
        uncertainty |= {
            "standard_error": {"value": summary.error, "method": "std over seeds / √n"},
            "confidence_interval": {
                "lower": lower,
                "upper": upper,
                "confidence_level": _LEVEL,
                "method": "Student's t over seeds",
            },
            "standard_deviation": summary.std,
        }
    return {
        "score": summary.mean,
        "uncertainty": uncertainty,
        "details": {
            "bold": str(entry.bold).lower(),
            "values by seed": json.dumps(dict(entry.by_seed)),
        },
    }
