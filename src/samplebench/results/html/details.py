"""Explanations of columns and rows, which a browser shows on demand."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from samplebench.results.blocks import Code, ColumnDetails, RowDetails, Table, Text
from samplebench.results.labels import list_distinct, shorten
from samplebench.results.marking import list_machines
from samplebench.results.montage import picture_of_row
from samplebench.results.ranking import Column, Ranking, Row
from samplebench.results.record import Record

GROUPS: Final = {
    "images": "Samples",
    "latents": "Latents",
    "autoencoder": "Autoencoder",
    "cost": "Costs",
}
"""The names of the groups of columns, by their subject."""

_ROWS: Final = ColumnDetails("", ())
_SEEDS: Final = ColumnDetails(
    "", ("The number of seeds. Each seed trains the autoencoder and fits the sampler anew.",)
)


@dataclass(frozen=True)
class PartText:
    """A sentence on an installed part, and the paper that it comes from, where there is one."""

    about: Text
    reference: str = ""


PartTexts = Mapping[tuple[str, str], PartText]
"""By kind and name: ``("sampler", "gmm")``. Parts that are not installed have none."""


def add_details(
    table: Table, ranking: Ranking, pictures: Collection[str], texts: PartTexts
) -> Table:
    """Add to the table of a ranking what is known of its columns and rows."""
    columns = [explain_column(column, texts) for column in ranking.columns]
    rows = [_explain_row(row, pictures) for row in ranking.rows]
    return replace(table, about_columns=(_ROWS, _ROWS, _SEEDS, *columns), about_rows=tuple(rows))


def explain_column(column: Column, texts: PartTexts) -> ColumnDetails:
    """Say what a column measures, in which features, and which direction is better."""
    metric = json.loads(column.key[1])[0]
    text = texts.get(("metric", metric))
    sentence = text.about if text else ("The metric ", Code(metric), ".")
    better = f"{'Lower' if column.better == 'lower' else 'Higher'} is better."
    kind = " A diagnostic, which ranks nothing." if column.diagnostic else ""
    features: Text = ()
    if column.features:
        features = (" Features: ", Code(column.features.part.spec), ".")
    return ColumnDetails(GROUPS[column.subject], (*sentence, f" {better}{kind}", *features))


def _explain_row(row: Row, pictures: Collection[str]) -> RowDetails:
    records = (*row.measured, *row.unmeasured)
    return RowDetails(
        kind=row.kind,
        copies=bool(row.alarms) and row.kind == "sampler",
        records=tuple(f"{record.seed}:{record.identity[:8]}" for record in records),
        origin=describe_origin(records),
        picture=picture_of_row(row, pictures) if row.kind != "floor" else None,
    )


def describe_origin(records: Collection[Record]) -> str:
    """Say with which versions, where and when the records of a row were measured."""
    origins = [record.provenance for record in records]
    days = sorted({origin.finished[:10] for origin in origins})
    states = list_distinct(record.verification.state for record in records)
    facts: dict[str, Any] = {
        "samplebench": [origin.samplebench for origin in origins],
        "commit": [shorten(origin.commit) for origin in origins if origin.commit],
        "torch": [origin.torch for origin in origins],
        "on": list_machines(records),
    }
    listed = [f"{name} {list_distinct(values)}" for name, values in facts.items() if values]
    listed.append(f"measured {' to '.join(dict.fromkeys((days[0], days[-1])))}")
    return "; ".join(listed) + (f"; state {states}" if states != "measured" else "")
