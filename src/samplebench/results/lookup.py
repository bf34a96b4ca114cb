"""Finds records, and shows one on a terminal."""

from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from tabulate import tabulate

from samplebench.errors import UsageError
from samplebench.results.record import Record
from samplebench.results.store import Store

_SHORTEST = 4


def find(results: Path, wanted: str) -> list[Record]:
    """Find the records whose identity begins with ``wanted``, or whose file or label it is.

    Raises:
        UsageError: there is none.
    """
    store = Store(results)
    records = [record for suite in store.suites() for record in store.read(suite)[0]]
    found = [record for record in records if _matches(record, wanted)]
    if not found:
        raise UsageError(
            f"no record of {len(records)} in {results} matches {wanted!r}; give the start of an "
            f"identity ({_SHORTEST} characters or more), a record's file, or a pattern such as "
            "'digits/vae*/gmm*/seed 0'"
        )
    return found


def as_text(record: Record) -> str:
    """Show a record on a terminal: its label, scores, costs and provenance."""
    scores = [
        [
            score.title,
            score.value,
            score.unit,
            score.floor and score.floor.mean,
            score.problem or "",
        ]
        for score in record.scores
    ]
    costs = [
        [stage, cost.wall_seconds, cost.cpu_seconds, cost.host_peak_bytes / 2**20, cost.count]
        for stage, cost in record.costs.items()
    ]
    sections = [
        record.label,
        f"{record.status}{f': {record.reason}' if record.reason else ''}; {record.identity}",
        *_describe_training(record),
        *_describe_doubt(record),
        tabulate(scores, headers=["score", "value", "unit", "floor", "problem"]),
        tabulate(costs, headers=["stage", "wall s", "CPU s", "peak MiB", "items"]),
    ]
    if record.diagnostics:
        sections.append(
            tabulate(list(record.diagnostics.items()), headers=["diagnostic", "value"])
        )
    sections += record.remarks
    sections.append(tabulate(list(_provenance(record).items()), tablefmt="plain"))
    return "\n\n".join(sections)


def _describe_training(record: Record) -> list[str]:
    """A line on an autoencoder that was trained elsewhere."""
    loaded = record.autoencoder.checkpoint
    return [f"The autoencoder was trained elsewhere; weights {loaded}."] if loaded else []


def _describe_doubt(record: Record) -> list[str]:
    """A line on a record whose scores may not be those of the code of today."""
    verification = record.verification
    if verification.state == "measured":
        return []
    return [f"{verification.state}: {verification.reason}"]


def _provenance(record: Record) -> dict[str, Any]:
    facts = record.provenance.model_dump()
    packages = ", ".join(f"{name} {version}" for name, version in facts["packages"].items())
    return facts | {"packages": packages}


def _matches(record: Record, wanted: str) -> bool:
    return (
        (len(wanted) >= _SHORTEST and record.identity.startswith(wanted))
        or Path(wanted).name == record.file_name
        or fnmatchcase(record.label.replace(" / ", "/"), wanted)
    )
