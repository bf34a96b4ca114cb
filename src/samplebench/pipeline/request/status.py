"""The status of a cell: does its record hold for the code and versions of today?"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, Literal

from samplebench.pipeline.provenance import relevant_versions
from samplebench.pipeline.request.grid import Cell
from samplebench.pipeline.request.measures import BoundMetric
from samplebench.registry.registry import Chosen
from samplebench.registry.syntax import Code
from samplebench.results.record import PartRecord, Record
from samplebench.vocabulary import Retry

Status = Literal["to do", "measured", "unverified", "stale", "failed", "refused"]

_NOT_TRIED: Final[Mapping[Retry, Collection[str | None]]] = {
    "failed": ("timeout", "out-of-memory"),
    "timeout": ("out-of-memory",),
    "all": (),
}
"""By what is asked for, the kinds of failure that are not tried again."""


def status_of(
    cell: Cell,
    record: Record | None,
    asked: Sequence[BoundMetric],
    core: Code,
    *,
    floors: Sequence[BoundMetric] = (),
    again: bool = False,
    retry: Retry = "failed",
) -> tuple[Status, str | None]:
    """The status of a cell that can be measured, and the reason where there is one.

    Args:
        asked: the metrics that are asked for.
        floors: those whose floor is; a record that has none of it holds all the same.
        core: the measuring code of today.
        again: records that hold count as stale.
        retry: the failed cells that are to do again.
    """
    if record is None:
        return "to do", None
    if record.failure in _NOT_TRIED[retry]:
        way = "timeout" if record.failure == "timeout" else "all"
        return "failed", f"{record.failure}: {record.reason}; `--retry {way}` tries it again"
    if record.status != "measured":
        return "to do", f"was {record.status}: {record.reason or 'a score has a problem'}"
    there = {score.key for score in record.scores}
    if missing := [str(metric) for metric in asked if metric.key not in there]:
        return "to do", f"not measured yet: {', '.join(missing)}"
    if again:
        return "stale", "asked for again"
    if record.verification.state == "stale":
        return "stale", record.verification.reason
    if changed := changes(record, parts_of(cell, [*asked, *floors]), core):
        return "unverified", f"since then, {', '.join(changed)} changed"
    return "measured", None


def parts_of(cell: Cell, asked: Iterable[BoundMetric]) -> list[Chosen]:
    """Every part on which the scores of a cell depend."""
    metrics = (part for metric in asked for part in (metric.metric, metric.features))
    parts = (cell.dataset, cell.autoencoder, cell.sampler, *metrics)
    return [part for part in parts if part is not None]


def changes(record: Record, parts: Iterable[Chosen], core: Code) -> list[str]:
    """The code and the versions that are not those with which a record was measured."""
    recorded = recorded_parts(record)
    parts = [part for part in parts if (part.part.kind, part.key) in recorded]
    changed = [
        f"{part.part.kind} '{part.part.name}'"
        for part in parts
        if recorded[part.part.kind, part.key].code != part.code.digest
    ]
    if record.provenance.core != core.digest:
        changed.append("the measuring code")
    return [
        *dict.fromkeys(changed),
        *_changed_versions(record, [core, *(part.code for part in parts)]),
    ]


def recorded_parts(record: Record) -> Mapping[tuple[str, str], PartRecord]:
    """The parts of a record by kind and key."""
    features = (score.features.part for score in record.scores if score.features)
    parts = [
        ("dataset", record.dataset),
        ("autoencoder", record.autoencoder),
        ("sampler", record.sampler),
        *(("metric", score.metric) for score in record.scores),
        *(("features", part) for part in features),
    ]
    return {(kind, part.key): part for kind, part in parts if part is not None}


def _changed_versions(record: Record, codes: Collection[Code]) -> list[str]:
    """Packages whose major or minor version changed; one that the record lacks is not compared."""
    now = relevant_versions(codes)
    origin = record.provenance
    then = {**origin.packages, "torch": origin.torch, **record.verification.packages}
    return [
        f"{name} {then[name]} to {version}"
        for name, version in now.items()
        if name in then and _minor(then[name]) != _minor(version)
    ]


def _minor(version: str) -> list[str]:
    return version.split(".")[:2]
