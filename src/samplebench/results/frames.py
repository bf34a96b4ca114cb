"""Boards and records as pandas data frames."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pandas as pd

from samplebench.results.ranking import Column, Entry, Ranking, Row
from samplebench.results.record import Record
from samplebench.results.states import mark_of

SCORE_COLUMNS = (
    "dataset",
    "autoencoder",
    "sampler",
    "kind",
    "score",
    "subject",
    "unit",
    "better",
    "mean",
    "std",
    "n",
    "low",
    "high",
    "bold",
    "marks",
)
RECORD_COLUMNS = (
    "dataset",
    "autoencoder",
    "sampler",
    "seed",
    "status",
    "failure",
    "reason",
    "identity",
)


def frame_scores(rankings: Iterable[Ranking]) -> pd.DataFrame:
    """Make one row for each score of each row of a board.

    ``mean`` and ``std`` are over ``n`` seeds (subsets of real data, for floors); ``low`` and
    ``high`` are the 95 % interval of the mean, by Student's t, and NaN where n is 1. ``marks`` are
    the signs that the board shows after the row's name and number of seeds.
    """
    rows = [
        _describe(ranking, row, column, entry)
        for ranking in rankings
        for row in ranking.rows
        for column, entry in zip(ranking.columns, row.entries, strict=True)
        if entry.summary is not None
    ]
    return pd.DataFrame(rows, columns=list(SCORE_COLUMNS))


def frame_records(records: Sequence[Record]) -> pd.DataFrame:
    """Make one row for each record, with a column for each score by its title."""
    ordered = sorted(records, key=lambda record: (record.label, record.identity))
    rows = [dict(_identify(record)) | _scores_of(record) for record in ordered]
    titles = dict.fromkeys(title for row in rows for title in row if title not in RECORD_COLUMNS)
    return pd.DataFrame(rows, columns=[*RECORD_COLUMNS, *titles])


def _describe(ranking: Ranking, row: Row, column: Column, entry: Entry) -> dict[str, Any]:
    summary = entry.summary
    assert summary is not None  # rows without one are left out
    low, high = summary.interval() or (float("nan"), float("nan"))
    return {
        "dataset": ranking.title,
        "autoencoder": row.autoencoder,
        "sampler": row.name,
        "kind": row.kind,
        "score": column.title,
        "subject": column.subject,
        "unit": column.unit,
        "better": column.better,
        "mean": summary.mean,
        "std": float("nan") if summary.std is None else summary.std,
        "n": summary.n,
        "low": low,
        "high": high,
        "bold": entry.bold,
        "marks": " ".join(filter(None, ("‡" if row.alarms else "", mark_of(row)))),
    }


def _identify(record: Record) -> Iterator[tuple[str, Any]]:
    yield "dataset", record.dataset.spec
    yield "autoencoder", record.autoencoder.spec
    yield "sampler", record.sampler.spec if record.sampler else "reconstruction"
    yield "seed", record.seed
    yield "status", record.status
    yield "failure", record.failure
    yield "reason", record.reason
    yield "identity", record.identity


def _scores_of(record: Record) -> dict[str, float]:
    return {score.title: score.value for score in record.scores if score.value is not None}
