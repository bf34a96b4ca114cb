"""Scores of a checkpoint as the Hugging Face hub shows them: ``.eval_results/*.yaml``.

Reference: https://huggingface.co/docs/hub/eval-results. The hub lists a score under the task of a
benchmark, a dataset of the hub whose ``eval.yaml`` names its tasks.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from samplebench.errors import UsageError
from samplebench.results.assembly import assemble
from samplebench.results.marking import mark
from samplebench.results.ranking import Column, Ranking, Row
from samplebench.results.record import Record
from samplebench.results.score_text import format_score
from samplebench.results.statistics import Summary
from samplebench.results.store import Store

FOLDER: Final = ".eval_results"


@dataclass(frozen=True)
class EvalResults:
    """The scores that go along with a checkpoint.

    Attributes:
        results: the folder of the records.
        benchmark: the dataset of the hub whose tasks these are: owner/name.
        source: the address of a page on which the scores can be read.
    """

    results: Path
    benchmark: str
    source: str | None = None

    def make_files(self, weights: str) -> dict[str, bytes]:
        """A file for each suite with scores of these weights, by its name in the repository.

        Raises:
            UsageError: there is no such score.
        """
        store = Store(self.results)
        files = {}
        for suite in store.suites():
            records = [r for r in store.read(suite)[0] if r.autoencoder.checkpoint == weights]
            if entries := list(self._describe(suite, records)):
                files[f"{FOLDER}/samplebench-{suite}.yaml"] = _as_yaml(entries)
        if not files:
            raise UsageError(
                f"no record in {self.results} has a score of this checkpoint (weights "
                f"{weights[:8]}); measure it with `samplebench run --checkpoint`, or name the "
                "folder of its records with --results"
            )
        return files

    def _describe(self, suite: str, records: Sequence[Record]) -> Iterator[dict[str, Any]]:
        for ranking in map(mark, assemble(records)):
            for row in ranking.rows:
                for column, entry in zip(ranking.columns, row.entries, strict=True):
                    if row.kind == "floor" or column.subject == "cost" or not entry.summary:
                        continue
                    yield {
                        "dataset": {"id": self.benchmark, "task_id": task_of(row, column)},
                        "value": entry.summary.mean,
                        "date": max(each.provenance.finished for each in row.measured)[:10],
                        **({"source": {"url": self.source}} if self.source else {}),
                        "notes": _describe_score(suite, ranking, row, column, entry.summary),
                    }


def task_of(row: Row, column: Column) -> str:
    """The name of the task that a score belongs to: ``fd-classifier-gmm-components-10``. A score
    of reconstructions has no sampler in it.
    """
    names = [column.title] if row.kind == "reconstruction" else [column.title, row.name]
    letters = unicodedata.normalize("NFKD", " ".join(names)).encode("ascii", "ignore").decode()
    return re.sub("[^a-z0-9]+", "-", letters.lower()).strip("-")


def _describe_score(
    suite: str, ranking: Ranking, row: Row, column: Column, summary: Summary
) -> str:
    """Describe the number: its metric, seeds and data, and its makers."""
    unit = f" {column.unit}" if column.unit else ""
    features = f", features weights {column.features.weights[:8]}" if column.features else ""
    versions = sorted({each.provenance.samplebench for each in row.measured})
    return (
        f"{column.title} {column.arrow} {format_score(summary)}{unit}, n = {summary.n} seeds; "
        f"{row.name} on {ranking.title}{features}; samplebench {', '.join(versions)}, "
        f"suite {suite}{'; ‡ close to training samples' if row.alarms else ''}"
    )


def _as_yaml(entries: list[dict[str, Any]]) -> bytes:
    import yaml  # comes with huggingface_hub

    text: str = yaml.safe_dump(entries, sort_keys=False, allow_unicode=True, width=99)
    return text.encode()
